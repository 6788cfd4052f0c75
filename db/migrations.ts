/** The list of migrations, oldest first. Their SQL is bundled into the program. */
import foundation from "./migrations/0000_foundation.sql" with { type: "text" };
import jobLists from "./migrations/0001_job_lists.sql" with { type: "text" };
import announcements from "./migrations/0002_announcements.sql" with { type: "text" };
import schedulesInForce from "./migrations/0003_schedules_in_force.sql" with { type: "text" };
import maintenance from "./migrations/0004_maintenance.sql" with { type: "text" };
import jobLogAge from "./migrations/0005_job_log_age.sql" with { type: "text" };
import repoLooks from "./migrations/0006_repo_looks.sql" with { type: "text" };
import backupAfterReinit from "./migrations/0007_backup_after_reinit.sql" with { type: "text" };
import coreMended from "./migrations/0008_core_mended.sql" with { type: "text" };
import agreedRemovals from "./migrations/0009_agreed_removals.sql" with { type: "text" };
import snapshotSums from "./migrations/0010_snapshot_sums.sql" with { type: "text" };
import deletionHolds from "./migrations/0011_deletion_holds.sql" with { type: "text" };

export type Migration = { name: string; sql: string };

export const migrations: readonly Migration[] = [
  { name: "0000_foundation", sql: foundation },
  { name: "0001_job_lists", sql: jobLists },
  { name: "0002_announcements", sql: announcements },
  { name: "0003_schedules_in_force", sql: schedulesInForce },
  { name: "0004_maintenance", sql: maintenance },
  { name: "0005_job_log_age", sql: jobLogAge },
  { name: "0006_repo_looks", sql: repoLooks },
  { name: "0007_backup_after_reinit", sql: backupAfterReinit },
  { name: "0008_core_mended", sql: coreMended },
  { name: "0009_agreed_removals", sql: agreedRemovals },
  { name: "0010_snapshot_sums", sql: snapshotSums },
  { name: "0011_deletion_holds", sql: deletionHolds },
];
