/** Rows of retries: scheduled backups that failed for a temporary reason, and when to retry each. */
import type { Database } from "bun:sqlite";

export type Retry = {
  source_group_id: string;
  repo_id: string;
  schedule_id: string;
  /** The due time of the original run, Unix ms. */
  due_at: number;
  /** Number of the next try, from 2. */
  attempt: number;
  retry_at: number;
};

export function createRetryRows(db: Database) {
  const set = db.query<null, Retry>(
    `INSERT INTO retries (source_group_id, repo_id, schedule_id, due_at, attempt, retry_at)
     VALUES ($source_group_id, $repo_id, $schedule_id, $due_at, $attempt, $retry_at)
     ON CONFLICT (source_group_id, repo_id) DO UPDATE SET schedule_id = excluded.schedule_id,
       due_at = excluded.due_at, attempt = excluded.attempt, retry_at = excluded.retry_at`,
  );
  const list = db.query<Retry, []>("SELECT * FROM retries ORDER BY retry_at");
  const drop = db.query<null, [string, string]>("DELETE FROM retries WHERE source_group_id = ?1 AND repo_id = ?2");
  return {
    set: (retry: Retry): void => void set.run(retry),
    list: (): Retry[] => list.all(),
    delete: (sourceGroupId: string, repoId: string): void => void drop.run(sourceGroupId, repoId),
  };
}
