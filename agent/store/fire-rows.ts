/** Rows of schedules: since when each has its current rule, and which due times have been handled. */
import type { Database } from "bun:sqlite";

export type Fire = {
  schedule_id: string;
  /** Unix ms */
  due_at: number;
  source_group_id: string;
  repo_id: string;
  /** null: this run was skipped. */
  job_id: string | null;
};

export type ScheduleRule = { schedule_id: string; rule: string; since: number };

/** Due times remembered per schedule. A count, not an age: a jumping clock must not delete them. */
const KEPT_PER_SCHEDULE = 500;

export function createFireRows(db: Database) {
  const insert = db.query<null, Fire>(
    `INSERT INTO fires (schedule_id, due_at, source_group_id, repo_id, job_id)
     VALUES ($schedule_id, $due_at, $source_group_id, $repo_id, $job_id)`,
  );
  const at = db.query<Fire, [string, number]>("SELECT * FROM fires WHERE schedule_id = ?1 AND due_at = ?2");
  const newest = db.query<{ due_at: number | null }, [string, number]>(
    "SELECT max(due_at) AS due_at FROM fires WHERE schedule_id = ?1 AND due_at <= ?2",
  );
  const forget = db.query<null, [string, number]>(
    `DELETE FROM fires WHERE schedule_id = ?1 AND due_at <
       (SELECT due_at FROM fires WHERE schedule_id = ?1 ORDER BY due_at DESC LIMIT 1 OFFSET ?2)`,
  );
  const rules = db.query<ScheduleRule, []>("SELECT * FROM schedule_rules");
  const setRule = db.query<null, ScheduleRule>(
    `INSERT INTO schedule_rules (schedule_id, rule, since) VALUES ($schedule_id, $rule, $since)
     ON CONFLICT (schedule_id) DO UPDATE SET rule = excluded.rule, since = excluded.since`,
  );
  const dropRule = db.query<null, [string]>("DELETE FROM schedule_rules WHERE schedule_id = ?1");
  const dropFires = db.query<null, [string]>("DELETE FROM fires WHERE schedule_id = ?1");
  return {
    insert: (fire: Fire): void => void insert.run(fire),
    listAt: (scheduleId: string, dueAt: number): Fire[] => at.all(scheduleId, dueAt),
    /** The newest handled due time up to now; later ones were stored while the clock was ahead. */
    newestDueAt: (scheduleId: string, now: number): number | null => newest.get(scheduleId, now)?.due_at ?? null,
    forgetOld: (scheduleId: string): void => void forget.run(scheduleId, KEPT_PER_SCHEDULE),
    listRules: (): ScheduleRule[] => rules.all(),
    setRule: (rule: ScheduleRule): void => void setRule.run(rule),
    forgetSchedule(scheduleId: string): void {
      dropRule.run(scheduleId);
      dropFires.run(scheduleId);
    },
  };
}
