/** Runs schedules from the stored desired state, with or without the server: each due time of a target at most once. */

import { newId } from "../../shared/ids.ts";
import type { Log } from "../../shared/log.ts";
import type { JobFields } from "../../shared/protocol/fields.ts";
import type { CommandRun, DesiredSchedule } from "../../shared/protocol/to-agent.ts";
import type { ToServerPayload } from "../../shared/protocol/to-server.ts";
import { type Clock, DAY_MS, MINUTE_MS } from "../../shared/time/clock.ts";
import { parseCron } from "../../shared/time/cron.ts";
import type { Zone } from "../../shared/time/zone.ts";
import type { Queue } from "../jobs/queue.ts";
import { openZone } from "../machine/zoneinfo.ts";
import type { DurableMessage } from "../outbox/outbox.ts";
import type { DesiredStateHolder } from "../state/desired-state.ts";
import type { JobFinished } from "../store/job-rows.ts";
import type { Retry } from "../store/retry-rows.ts";
import type { Store } from "../store/store.ts";
import {
  afterExpiry,
  dueRun,
  isPassing,
  judgeRetry,
  nextStart,
  retryAt,
  type ScheduleInForce,
  scheduleInForce,
} from "./fires.ts";

/** Why a roaming host does not back up now. */
export type RoamingObstacle = "battery_low" | "metered_network";

type Options = {
  store: Store;
  state: DesiredStateHolder;
  queue: Queue;
  clock: Clock;
  /** The machine's own zone. */
  hostZone(): string;
  roamingObstacle(): RoamingObstacle | null;
  log: Log;
  everyMs: number;
};

type Minted = { fields: JobFields; order: CommandRun };
type Target = { source_group_id: string; repo_id: string };
type InForce = { schedule: DesiredSchedule; inForce: ScheduleInForce };

/** Changes that the scheduler is not notified of (the machine's zone, a revocation) are seen within this time. */
const EVALUATE_AT_LEAST_MS = MINUTE_MS;
const JOB_EXPIRES_MS = 3 * DAY_MS;

export function createScheduler(options: Options) {
  const { store, state, queue, clock, log } = options;
  const zones = new Map<string, Zone>();
  let timer: ReturnType<typeof setTimeout> | null = null;
  let evaluatedAt = Number.POSITIVE_INFINITY;
  let asleepUntil = 0;

  return {
    start: tick,
    stop(): void {
      if (timer) clearTimeout(timer);
      timer = null;
    },
    /** The desired state has changed: its rules apply from now on. */
    stateChanged(): void {
      if (timer === null) return;
      clearTimeout(timer);
      asleepUntil = 0;
      tick();
    },
    noteEnd,
  };

  /** Between evaluations a tick only compares two numbers, so an idle agent allocates nothing. */
  function tick(): void {
    const now = clock.now();
    if (now >= asleepUntil || now < evaluatedAt) {
      evaluatedAt = now;
      asleepUntil = now + EVALUATE_AT_LEAST_MS;
      try {
        asleepUntil = Math.min(asleepUntil, evaluate(now));
      } catch (error) {
        log.error("Could not evaluate the schedules", { problem: String(error) });
      }
    }
    timer = setTimeout(tick, Math.max(Math.min(options.everyMs, asleepUntil - now), 1));
  }

  /** @returns when the next run is due, as far as is known now */
  function evaluate(now: number): number {
    const schedules = rulesInForce(now);
    if (restingBecause() !== null) return Number.POSITIVE_INFINITY;
    let soonest = Number.POSITIVE_INFINITY;
    for (const entry of schedules) {
      fireIfDue(entry, now);
      soonest = Math.min(soonest, nextStart(entry.inForce, now));
    }
    for (const retry of store.retries.list()) {
      tryAgainIfDue(retry, schedules, now);
      soonest = Math.min(soonest, Math.max(retry.retry_at, now + options.everyMs));
    }
    return soonest;
  }

  function restingBecause(): string | null {
    if (store.notes.find("revoked") !== null) return "revoked";
    return state.schedulesPaused() ? "paused" : null;
  }

  /** Enabled schedules, each with the time since when its rule applies; a changed rule is stored as of now. */
  function rulesInForce(now: number): InForce[] {
    const hostZone = state.timezoneOverride() ?? options.hostZone();
    const known = new Map(store.fires.listRules().map((row) => [row.schedule_id, row]));
    const found: InForce[] = [];
    for (const schedule of state.schedules()) {
      const zone = schedule.timezone ?? hostZone;
      const active = schedule.enabled && restingBecause() === null;
      const rule = `${schedule.cron} | ${zone} | ${active ? "on" : "off"}`;
      const row = known.get(schedule.id);
      known.delete(schedule.id);
      // A rule from the future was stored while the clock was ahead.
      const holds = row !== undefined && row.rule === rule && row.since <= now;
      if (!holds) store.fires.setRule({ schedule_id: schedule.id, rule, since: now });
      const parsed = active ? parseCron(schedule.cron) : null;
      if (!parsed?.ok) continue;
      const since = holds ? row.since : now;
      const inForce = scheduleInForce(schedule.id, parsed.cron, zoneOf(zone), schedule.splay_minutes, since);
      found.push({ schedule, inForce });
    }
    for (const id of known.keys()) store.fires.forgetSchedule(id);
    return found;
  }

  function zoneOf(name: string): Zone {
    const zone = zones.get(name) ?? openZone(name);
    zones.set(name, zone);
    return zone;
  }

  function fireIfDue({ schedule, inForce }: InForce, now: number): void {
    const run = dueRun(inForce, store.fires.newestDueAt(schedule.id, now), now);
    if (run === null) return;
    const { dueAt } = run;
    const targets = targetsOf(schedule);
    if (targets.length === 0) return;
    const obstacle = state.roaming() ? options.roamingObstacle() : null;
    const minted: Minted[] = [];
    const skipped: ToServerPayload<"schedule.skipped">[] = [];
    for (const target of targets) {
      const busy = queue.findBackup(target.source_group_id, target.repo_id);
      const skip = { schedule_id: schedule.id, ...target, due_at: dueAt };
      if (busy) skipped.push({ ...skip, reason: "already_running", because_job_id: busy.job_id });
      else if (obstacle) skipped.push({ ...skip, reason: obstacle, because_job_id: null });
      else minted.push(mint(schedule.id, target, dueAt, 1, now));
    }
    const messages = skipped.map((payload): DurableMessage => ({ type: "schedule.skipped", payload }));
    const taken = queue.mint(minted, messages, () => {
      for (const { fields } of minted) {
        const target = { source_group_id: fields.source_group_id!, repo_id: fields.repo_id! };
        store.fires.insert({ schedule_id: schedule.id, due_at: dueAt, ...target, job_id: fields.job_id });
        store.retries.delete(target.source_group_id, target.repo_id);
      }
      for (const { schedule_id, due_at, source_group_id, repo_id } of skipped) {
        store.fires.insert({ schedule_id, due_at, source_group_id, repo_id, job_id: null });
      }
      store.fires.forgetOld(schedule.id);
    });
    if (!taken) return;
    log.info(run.missed ? "Catching up a missed run" : "Running a schedule", {
      schedule: schedule.id,
      due_at: new Date(dueAt).toISOString(),
      jobs: minted.length,
      skipped: skipped.length,
    });
  }

  /** Every source group of the schedule with each of its repos; unknown ones are left out. */
  function targetsOf(schedule: DesiredSchedule): Target[] {
    return schedule.source_group_ids.flatMap((id) => {
      const repoIds = state.findSourceGroup(id)?.repo_ids ?? [];
      return repoIds.map((repoId) => ({ source_group_id: id, repo_id: repoId }));
    });
  }

  function mint(scheduleId: string, target: Target, dueAt: number, attempt: number, now: number): Minted {
    const identity = { job_id: newId(), repo_id: target.repo_id, actor_kind: "schedule" as const, queued_at: now };
    const args = { source_group_id: target.source_group_id, state_version: state.version() ?? 0, bandwidth: null };
    return {
      fields: {
        ...identity,
        kind: "backup",
        source_group_id: target.source_group_id,
        schedule_id: scheduleId,
        attempt,
        scheduled_at: dueAt,
      },
      order: { ...identity, expires_at: now + JOB_EXPIRES_MS, kind: "backup", args },
    };
  }

  /** Part of the write that ends a job: an expired scheduled backup runs now, one that failed for a temporary reason later. */
  function noteEnd(end: JobFinished): void {
    if (end.kind !== "backup" || end.source_group_id === null || end.repo_id === null) return;
    // Whoever ordered it, this backup makes a retry unnecessary.
    if (end.status === "succeeded") store.retries.delete(end.source_group_id, end.repo_id);
    if (end.status !== "failed" || end.actor_kind !== "schedule" || end.schedule_id === null) return;
    const isExpired = end.error_code === "expired";
    if (!(isExpired || isPassing(end.error_code)) || store.notes.isCancelled(end.job_id)) return;
    const now = clock.now();
    const entry = rulesInForce(now).find(({ schedule }) => schedule.id === end.schedule_id);
    const group = state.findSourceGroup(end.source_group_id);
    if (!entry || !group) return;
    const ended = { dueAt: end.scheduled_at ?? end.queued_at, attempt: end.attempt, finishedAt: end.finished_at };
    const target = { source_group_id: end.source_group_id, repo_id: end.repo_id, schedule_id: end.schedule_id };
    if (isExpired) {
      const next = afterExpiry(entry.inForce, ended, store.fires.newestDueAt(end.schedule_id, now), now);
      if (next === null) return;
      store.retries.set({ ...target, due_at: next.dueAt, attempt: next.attempt, retry_at: now });
    } else {
      const rules = { max: group.retry.max, backoffSeconds: group.retry.backoff_seconds };
      const at = retryAt(entry.inForce, ended, rules);
      if (at === null) return;
      store.retries.set({ ...target, due_at: ended.dueAt, attempt: end.attempt + 1, retry_at: at });
    }
    asleepUntil = 0;
  }

  function tryAgainIfDue(retry: Retry, schedules: InForce[], now: number): void {
    const entry = schedules.find(({ schedule }) => schedule.id === retry.schedule_id);
    const wanted = entry && targetsOf(entry.schedule).some((target) => isSame(target, retry));
    const verdict = wanted ? judgeRetry(entry.inForce, { dueAt: retry.due_at, at: retry.retry_at }, now) : "over";
    if (verdict === "over") store.retries.delete(retry.source_group_id, retry.repo_id);
    if (verdict !== "due" || queue.findBackup(retry.source_group_id, retry.repo_id)) return;
    const target = { source_group_id: retry.source_group_id, repo_id: retry.repo_id };
    const minted = mint(retry.schedule_id, target, retry.due_at, retry.attempt, now);
    const taken = queue.mint([minted], [], () => store.retries.delete(retry.source_group_id, retry.repo_id));
    if (taken) log.info("Retrying a scheduled backup", { job: minted.fields.job_id, attempt: retry.attempt });
  }
}

function isSame(target: Target, retry: Retry): boolean {
  return target.source_group_id === retry.source_group_id && target.repo_id === retry.repo_id;
}
