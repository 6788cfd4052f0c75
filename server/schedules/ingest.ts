/** Stores the runs that an agent skipped, with the reason, once each. */
import type { Db } from "../../db/open.ts";
import { findHost } from "../../db/queries/hosts.ts";
import { findRepo } from "../../db/queries/repos.ts";
import { findSchedule, listNearSkips, putSkip } from "../../db/queries/schedules.ts";
import { findSourceGroup } from "../../db/queries/source-groups.ts";
import type { ToServerPayload } from "../../shared/protocol/to-server.ts";
import { type Clock, DAY_MS } from "../../shared/time/clock.ts";
import { dayIn } from "../../shared/time/days.ts";
import type { Connection } from "../agents/hub.ts";
import { type AfterCommit, CannotApply, ForeignObject } from "../agents/inbound.ts";
import { zoneOf } from "../hosts/rules.ts";
import type { FactBus } from "../runtime/facts.ts";

/** How long skips are kept. One far in the future would never be old enough to delete. */
const OLDEST_MS = 90 * DAY_MS;

export type SkipIngestDeps = {
  db: Db;
  clock: Clock;
  bus: FactBus;
  /** Evaluates the day of this due time again. */
  evaluateDayAt(sourceGroupId: string, at: number): void;
};

export function createSkipIngest({ db, clock, bus, evaluateDayAt }: SkipIngestDeps) {
  return {
    skipped(connection: Connection, message: ToServerPayload<"schedule.skipped">): AfterCommit {
      const { hostId } = connection;
      const schedule = findSchedule(db, message.schedule_id);
      if (schedule && schedule.hostId !== hostId)
        throw new ForeignObject(`schedule ${schedule.id} belongs to another host`);
      const group = findSourceGroup(db, message.source_group_id);
      if (!group) throw new CannotApply(`source group ${message.source_group_id} no longer exists`);
      if (group.hostId !== hostId) throw new ForeignObject(`source group ${group.id} belongs to another host`);
      const ago = clock.now() - message.due_at;
      if (ago > OLDEST_MS || ago < -DAY_MS)
        throw new CannotApply("this due time is too far in the past or the future for a skipped run");
      const repo = findRepo(db, message.repo_id);
      if (repo && repo.hostId !== hostId) throw new ForeignObject(`repo ${repo.id} belongs to another host`);
      const key = {
        scheduleId: message.schedule_id,
        sourceGroupId: group.id,
        repoId: message.repo_id,
        dueAt: message.due_at,
      };
      const becauseJobId = message.because_job_id;
      if (!putSkip(db, { hostId, ...key, reason: message.reason, becauseJobId })) return undefined;
      // One skip with a job as its reason excuses the whole day. Further ones, and those without a job, change nothing.
      const host = findHost(db, hostId);
      const dayOf = (at: number) => dayIn(host ? zoneOf(host) : "UTC", at);
      const isKnown = listNearSkips(db, key).some((at) => dayOf(at) === dayOf(message.due_at));
      if (becauseJobId !== null && !isKnown) evaluateDayAt(group.id, message.due_at);
      return () => bus.publish("host.changed", { hostId });
    },
  };
}
