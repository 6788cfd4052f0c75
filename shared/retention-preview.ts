/** What a retention policy would keep of the coming year, rule by rule. */

export type LaneName = "last" | "hourly" | "daily" | "weekly" | "monthly" | "yearly";

/** What one rule keeps of the coming year's runs; `conflict` says why the schedules cannot meet it. */
export type Lane = { times: readonly number[]; isSet: boolean; conflict: string | null };

export type RetentionPreview = {
  /** The span that the lanes show, Unix ms. */
  from: number;
  until: number;
  /** The host's zone: months begin by it. */
  zone: string;
  lanes: Record<LaneName, Lane>;
  /** Runs of the coming year. */
  runs: number;
  /** Those of them that are there at its end. */
  kept: readonly number[];
  /** Snapshots of today that are there at its end, and how many there are today. */
  olderKept: number;
  older: number;
  /** Time between two runs; null without a schedule. */
  gapMs: number | null;
};
