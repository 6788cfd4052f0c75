/** What a cron expression means, in words and as its next runs. */

export type Explanation =
  | { ok: false; problem: string }
  | {
      ok: true;
      /** "Every day at 02:00" */
      words: string;
      zone: string;
      /** How the splay changes it; null without one. */
      splay: string | null;
      /** In the schedule's zone: `day` as 2026-11-20, `time` as 02:04. */
      runs: readonly { at: number; day: string; time: string }[];
    };
