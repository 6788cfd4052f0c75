/** Schedules of a host: created, changed, paused, deleted. Every change updates the desired state. */
import type { Db } from "../../db/open.ts";
import { findHost } from "../../db/queries/hosts.ts";
import {
  deleteSchedule,
  findSchedule,
  insertSchedule,
  listSchedules,
  type Schedule,
  updateSchedule,
} from "../../db/queries/schedules.ts";
import { listSourceGroups } from "../../db/queries/source-groups.ts";
import { inTransaction } from "../../db/transaction.ts";
import { newId } from "../../shared/ids.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { badInput, notFound, Refusal } from "../http/errors.ts";
import { type Actor, writeAudit } from "../runtime/audit.ts";
import type { FactBus } from "../runtime/facts.ts";
import type { DueAccounting } from "./accounting.ts";
import { mergeSchedule, NEW_SCHEDULE, type ScheduleFields, type ScheduleInput, scheduleProblems } from "./fields.ts";

export type Schedules = {
  /** @throws Refusal 404 */
  get(hostId: string, scheduleId: string): Schedule;
  /** @throws Refusal 404, 400 with fields, 409 `host_archived`, 413 */
  create(actor: Actor, hostId: string, input: ScheduleInput): Schedule;
  update(actor: Actor, hostId: string, scheduleId: string, input: ScheduleInput): Schedule;
  remove(actor: Actor, hostId: string, scheduleId: string): void;
  /** A nightly schedule for the first group of a new host. Call inside the caller's transaction. */
  createDefault(hostId: string, groupId: string): void;
};

export type ScheduleDeps = {
  db: Db;
  clock: Clock;
  bus: FactBus;
  accounting: DueAccounting;
  /** @throws Refusal 413 when the host's state would not fit into one message */
  checkStateSize(hostId: string): void;
};

/** The schedule of a new host, spread over two hours so that a fleet does not overload its repo server. */
const DEFAULT_SCHEDULE = { cron: "0 2 * * *", timezone: null, splayMinutes: 120, enabled: true } as const;
const MOST_SCHEDULES = 100;

export function createSchedules({ db, clock, bus, accounting, checkStateSize }: ScheduleDeps): Schedules {
  const get: Schedules["get"] = (hostId, scheduleId) => {
    const schedule = findSchedule(db, scheduleId);
    if (!schedule || schedule.hostId !== hostId) throw notFound("schedule");
    return schedule;
  };
  const checkHost = (hostId: string) => {
    const host = findHost(db, hostId);
    if (!host) throw notFound("host");
    if (host.archivedAt !== null)
      throw new Refusal(409, "host_archived", `${host.name} is archived, so its schedules cannot be changed.`);
    return host;
  };
  const check = (hostId: string, fields: ScheduleFields) => {
    const groupIds = listSourceGroups(db, hostId).map((group) => group.id);
    const errors = scheduleProblems(fields, groupIds);
    if (Object.keys(errors).length > 0) throw badInput(errors);
  };
  const audit = (actor: Actor, action: string, schedule: Schedule, payload: Record<string, unknown>) =>
    writeAudit(db, clock.now(), {
      actor,
      action,
      target: { kind: "schedule", id: schedule.id, name: schedule.cron },
      payload,
    });
  const insert = (hostId: string, fields: ScheduleFields): Schedule => {
    const now = clock.now();
    const id = newId();
    insertSchedule(db, { id, hostId, ...fields, createdAt: now, updatedAt: now });
    accounting.restart(hostId);
    return get(hostId, id);
  };

  return {
    get,
    create(actor, hostId, input) {
      const host = checkHost(hostId);
      const schedule = inTransaction(db, () => {
        const fields = mergeSchedule(NEW_SCHEDULE, input);
        check(hostId, fields);
        if (listSchedules(db, hostId).length >= MOST_SCHEDULES)
          throw new Refusal(
            409,
            "too_many",
            `${host.name} already has ${MOST_SCHEDULES} schedules, which is the limit. Delete one first.`,
          );
        accounting.countDueRuns(hostId);
        const created = insert(hostId, fields);
        checkStateSize(hostId);
        audit(actor, "schedule.created", created, { host: host.name, groups: created.groupIds.length });
        return created;
      });
      bus.publish("state.changed", { hostId });
      return schedule;
    },
    update(actor, hostId, scheduleId, input) {
      checkHost(hostId);
      const before = get(hostId, scheduleId);
      const schedule = inTransaction(db, () => {
        const fields = mergeSchedule(before, input);
        check(hostId, fields);
        accounting.countDueRuns(hostId);
        updateSchedule(db, scheduleId, { ...fields, updatedAt: clock.now() });
        accounting.restart(hostId);
        checkStateSize(hostId);
        const after = get(hostId, scheduleId);
        audit(actor, "schedule.updated", after, { changed: changedNames(before, after) });
        return after;
      });
      bus.publish("state.changed", { hostId });
      return schedule;
    },
    remove(actor, hostId, scheduleId) {
      const schedule = get(hostId, scheduleId);
      inTransaction(db, () => {
        accounting.countDueRuns(hostId);
        deleteSchedule(db, scheduleId);
        audit(actor, "schedule.deleted", schedule, {});
      });
      bus.publish("state.changed", { hostId });
    },
    createDefault: (hostId, groupId) => void insert(hostId, { ...DEFAULT_SCHEDULE, groupIds: [groupId] }),
  };
}

function changedNames(before: Schedule, after: Schedule): string[] {
  const names = ["cron", "timezone", "splayMinutes", "enabled", "groupIds"] as const;
  return names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}
