/** Schedules: when source groups are due, due runs counted by day, and runs that agents skipped. */
import type { Db } from "../../db/open.ts";
import type { DurableHandlers } from "../agents/inbound.ts";
import type { HostFeature } from "../hosts/feature.ts";
import type { HttpFeature } from "../http/feature.ts";
import type { Listeners } from "../runtime/facts.ts";
import type { World } from "../runtime/world.ts";
import type { DueAccounting } from "./accounting.ts";
import { createSkipIngest } from "./ingest.ts";
import { schedulePages } from "./pages.tsx";
import { scheduleRoutes } from "./routes.ts";
import { createSchedules, type ScheduleDeps } from "./schedules.ts";

export type ScheduleNeeds = {
  http: HttpFeature;
  hosts: HostFeature;
  accounting: DueAccounting;
  checkStateSize: ScheduleDeps["checkStateSize"];
  /** Evaluates the day of this due time again. */
  evaluateDayAt(db: Db, sourceGroupId: string, at: number): void;
};

export type ScheduleFeature = ReturnType<typeof scheduleFeature>;

export function scheduleFeature(world: World, needs: ScheduleNeeds) {
  const { http, hosts, accounting, checkStateSize, evaluateDayAt } = needs;
  const schedules = createSchedules({ ...world, accounting, checkStateSize });
  const skips = createSkipIngest({ ...world, evaluateDayAt: (groupId, at) => evaluateDayAt(world.db, groupId, at) });
  return {
    schedules,
    routes: scheduleRoutes({ ...world, schedules }),
    pages: schedulePages({ ...world, pages: http.pageMaker, heads: hosts.heads, schedules }),
    durable: { "schedule.skipped": skips.skipped } satisfies Partial<DurableHandlers>,
    listeners: { "host.connected": ({ hostId }) => accounting.refresh(hostId) } satisfies Listeners,
    ticks: accounting.ticks,
  };
}
