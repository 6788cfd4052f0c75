/** Types of the retention preview: what a policy would keep of the coming year, rule by rule. */

export type LaneName = "last" | "hourly" | "daily" | "weekly" | "monthly" | "yearly";

/** What one rule keeps of the coming year's runs. `conflict` says why the schedules cannot meet it. */
export type Lane = { times: readonly number[]; isSet: boolean; conflict: string | null };

export type RetentionPreview = {
  /** Start of the span that the lanes show, Unix ms. */
  from: number;
  until: number;
  /** The host's time zone. Months start in it. */
  zone: string;
  lanes: Record<LaneName, Lane>;
  /** Number of runs in the coming year. */
  runs: number;
  /** The runs whose snapshots still exist at the end. */
  kept: readonly number[];
  /** How many of today's snapshots still exist at the end, and how many there are today. */
  olderKept: number;
  older: number;
  /** Time between two runs. null without a schedule. */
  gapMs: number | null;
};
