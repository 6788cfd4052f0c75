/** Runs that an agent has left out, with the reason: stored once each. */
import type { Db } from "../../db/open.ts";
import { findHost } from "../../db/queries/hosts.ts";
import { findRepo } from "../../db/queries/repos.ts";
import { findSchedule, listNearSkips, putSkip } from "../../db/queries/schedules.ts";
import { findSourceGroup } from "../../db/queries/source-groups.ts";
import { type Clock, DAY_MS } from "../../shared/clock.ts";
import { dayIn } from "../../shared/days.ts";
import type { ToServerPayload } from "../../shared/protocol/to-server.ts";
import type { Connection } from "../agents/hub.ts";
import { type AfterCommit, CannotApply, ForeignObject } from "../agents/inbound.ts";
import { zoneOf } from "../hosts/rules.ts";
import type { FactBus } from "../runtime/facts.ts";

/** Skips are kept so long; one from far ahead would never grow old. */
const OLDEST_MS = 90 * DAY_MS;

export type SkipIngestDeps = {
  db: Db;
  clock: Clock;
  bus: FactBus;
  /** The day of this due time is to be judged again. */
  judgeAgain(sourceGroupId: string, at: number): void;
};

export function createSkipIngest({ db, clock, bus, judgeAgain }: SkipIngestDeps) {
  return {
    skipped(connection: Connection, message: ToServerPayload<"schedule.skipped">): AfterCommit {
      const { hostId } = connection;
      const schedule = findSchedule(db, message.schedule_id);
      if (schedule && schedule.hostId !== hostId) throw new ForeignObject(`schedule ${schedule.id} is another host's`);
      const group = findSourceGroup(db, message.source_group_id);
      if (!group) throw new CannotApply(`source group ${message.source_group_id} is gone`);
      if (group.hostId !== hostId) throw new ForeignObject(`source group ${group.id} is another host's`);
      const ago = clock.now() - message.due_at;
      if (ago > OLDEST_MS || ago < -DAY_MS)
        throw new CannotApply("a run of that time is none that could have been left out");
      const repo = findRepo(db, message.repo_id);
      if (repo && repo.hostId !== hostId) throw new ForeignObject(`repo ${repo.id} is another host's`);
      const key = {
        scheduleId: message.schedule_id,
        sourceGroupId: group.id,
        repoId: message.repo_id,
        dueAt: message.due_at,
      };
      const becauseJobId = message.because_job_id;
      if (!putSkip(db, { hostId, ...key, reason: message.reason, becauseJobId })) return undefined;
      // One skip with a job behind it excuses the whole day: further ones, and those without, change nothing.
      const host = findHost(db, hostId);
      const dayOf = (at: number) => dayIn(host ? zoneOf(host) : "UTC", at);
      const isTold = listNearSkips(db, key).some((at) => dayOf(at) === dayOf(message.due_at));
      if (becauseJobId !== null && !isTold) judgeAgain(group.id, message.due_at);
      return () => bus.publish("host.changed", { hostId });
    },
  };
}
