/** Tables of schedules, and of the runs that were skipped. */
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { flagColumn, idColumn, timeColumn } from "./columns.ts";
import { hosts } from "./hosts.ts";
import { sourceGroups } from "./source-groups.ts";

export const schedules = sqliteTable(
  "schedules",
  {
    id: idColumn(),
    hostId: text("host_id")
      .notNull()
      .references(() => hosts.id, { onDelete: "cascade" }),
    cron: text("cron").notNull(),
    /** null = the host's time zone. */
    timezone: text("timezone"),
    splayMinutes: integer("splay_minutes").notNull(),
    enabled: flagColumn("enabled").notNull(),
    nextRunAt: timeColumn("next_run_at"),
    /** Due times up to here have been counted for their days. Set before every change, so that each counts under the schedule active at the time. */
    accountedUntil: timeColumn("accounted_until"),
    createdAt: timeColumn("created_at").notNull(),
    updatedAt: timeColumn("updated_at").notNull(),
  },
  (t) => [index("schedules_host").on(t.hostId)],
);
export type ScheduleRow = typeof schedules.$inferSelect;

export const scheduleSourceGroups = sqliteTable(
  "schedule_source_groups",
  {
    scheduleId: text("schedule_id")
      .notNull()
      .references(() => schedules.id, { onDelete: "cascade" }),
    sourceGroupId: text("source_group_id")
      .notNull()
      .references(() => sourceGroups.id, { onDelete: "restrict" }),
  },
  (t) => [primaryKey({ columns: [t.scheduleId, t.sourceGroupId] })],
);

export const scheduleSkips = sqliteTable(
  "schedule_skips",
  {
    scheduleId: text("schedule_id").notNull(),
    dueAt: timeColumn("due_at").notNull(),
    sourceGroupId: text("source_group_id").notNull(),
    repoId: text("repo_id").notNull(),
    hostId: text("host_id")
      .notNull()
      .references(() => hosts.id, { onDelete: "cascade" }),
    reason: text("reason").notNull(),
    becauseJobId: text("because_job_id"),
  },
  (t) => [
    primaryKey({ columns: [t.scheduleId, t.dueAt, t.sourceGroupId, t.repoId] }),
    index("schedule_skips_host_group_due").on(t.hostId, t.sourceGroupId, t.dueAt),
  ],
);
