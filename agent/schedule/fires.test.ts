/** The scheduler's rules, compared with a slow check of every due time, for machines that are switched on and off at random. */
import { describe, expect, test } from "bun:test";
import { newId } from "../../shared/ids.ts";
import { ERROR_CODES } from "../../shared/jobs.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../shared/time/clock.ts";
import { nextRuns, parseCron } from "../../shared/time/cron.ts";
import { createZone } from "../../shared/time/zone.ts";
import { createRandom } from "../../tests/testbed/random.ts";
import { dueRun, isPassing, judgeRetry, nextStart, retryAt, type ScheduleInForce, scheduleInForce } from "./fires.ts";

const START = Date.parse("2026-10-22T00:00Z");
const TICK_MS = 60_000;

function schedule(expr: string, { zone = "UTC", splayMinutes = 0, since = 0 } = {}): ScheduleInForce {
  const parsed = parseCron(expr);
  if (!parsed.ok) throw new Error(parsed.problem);
  return scheduleInForce(newId(), parsed.cron, createZone(zone), splayMinutes, since);
}

/** Runs the rule as the agent does, over stretches in which the machine is awake. */
function simulate(subject: ScheduleInForce, awake: [number, number][]): { at: number; dueAt: number }[] {
  const fired: { at: number; dueAt: number }[] = [];
  for (const [from, to] of awake) {
    for (let now = from; now < to; now += TICK_MS) {
      const run = dueRun(subject, fired.at(-1)?.dueAt ?? null, now);
      if (run) fired.push({ at: now, dueAt: run.dueAt });
    }
  }
  return fired;
}

/** What the rules say, from the list of all due times. */
function expected(subject: ScheduleInForce, awake: [number, number][]): number[] {
  const dues = nextRuns(subject.cron, subject.zone, START - 20 * DAY_MS, 2600);
  const wanted: number[] = [];
  for (const [from, to] of awake) {
    const missed = dues.findLast((due) => due + subject.splayMs <= from);
    const next = dues.find((due) => due + subject.splayMs > from) ?? Number.POSITIVE_INFINITY;
    const onTime = missed !== undefined && from - (missed + subject.splayMs) <= 2 * MINUTE_MS;
    const worthIt = onTime || next + subject.splayMs - from >= 15 * MINUTE_MS;
    if (missed !== undefined && missed > subject.since && !wanted.includes(missed) && worthIt) wanted.push(missed);
    for (const due of dues) {
      const start = due + subject.splayMs;
      // A tick later than the start; the last stretch of a minute may end before it.
      if (start > from && start <= to - TICK_MS && due > subject.since) wanted.push(due);
    }
  }
  return wanted;
}

describe("a machine that is on and off", () => {
  const EXPRESSIONS = ["0 2 * * *", "0 */6 * * *", "30 * * * *", "*/20 * * * *", "15 3 * * mon", "30 2 * * *"];
  for (const zone of ["UTC", "Europe/Berlin", "Australia/Lord_Howe"]) {
    test(`runs what is due, and of what it missed the newest once (${zone})`, () => {
      const random = createRandom(zone.length);
      for (let round = 0; round < 18; round++) {
        const expr = EXPRESSIONS[round % EXPRESSIONS.length]!;
        const splayMinutes = [0, 7, 120][round % 3]!;
        const since = START - (random() < 0.5 ? 10 * DAY_MS : -random() * 5 * DAY_MS);
        const subject = schedule(expr, { zone, splayMinutes, since });
        const awake: [number, number][] = [];
        let at = START;
        while (at < START + 6 * DAY_MS) {
          const from = at + Math.ceil((random() ** 3 * 3 * DAY_MS) / TICK_MS) * TICK_MS + 10 * MINUTE_MS;
          const to = from + Math.ceil((random() ** 2 * DAY_MS) / TICK_MS) * TICK_MS + TICK_MS;
          awake.push([from, to]);
          at = to;
        }
        const fired = simulate(subject, awake);
        const dues = fired.map(({ dueAt }) => dueAt);
        expect({ expr, splayMinutes, dues }).toEqual({ expr, splayMinutes, dues: expected(subject, awake) });
        expect(new Set(dues).size).toBe(dues.length);
        for (const { at, dueAt } of fired) expect(at).toBeGreaterThanOrEqual(dueAt + subject.splayMs);
      }
    });
  }
});

test("nothing from before the rule was applied", () => {
  const daily = (since: number) => schedule("0 2 * * *", { since });
  const noon = START + 12 * HOUR_MS;
  expect(dueRun(daily(noon), null, noon + 1)).toBeNull();
  expect(dueRun(daily(START), null, noon)).toEqual({ dueAt: START + 2 * HOUR_MS, missed: true });
});

test("no catch-up when the next regular run is nearer than 15 minutes", () => {
  const hourly = schedule("0 * * * *");
  expect(dueRun(hourly, START - HOUR_MS, START + 44 * MINUTE_MS)).toEqual({ dueAt: START, missed: true });
  expect(dueRun(hourly, START - HOUR_MS, START + 46 * MINUTE_MS)).toBeNull();
  expect(dueRun(hourly, START - HOUR_MS, START + 60 * MINUTE_MS)).toEqual({ dueAt: START + HOUR_MS, missed: false });
});

test("the next start counts the splay", () => {
  const daily = schedule("0 2 * * *", { splayMinutes: 120 });
  expect(nextStart(daily, START)).toBe(START + 2 * HOUR_MS + daily.splayMs);
  expect(nextStart(daily, START + 2 * HOUR_MS + daily.splayMs)).toBe(START + 26 * HOUR_MS + daily.splayMs);
});

describe("retries", () => {
  const daily = schedule("0 2 * * *");
  const dueAt = START + 2 * HOUR_MS;
  const rules = { max: 8, backoffSeconds: 60 };

  test("wait twice as long each time, at most half an hour, as often as allowed", () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((attempt) => {
      const at = retryAt(daily, { dueAt, attempt, finishedAt: dueAt }, rules);
      return at === null ? null : (at - dueAt) / MINUTE_MS;
    });
    expect(delays).toEqual([1, 2, 4, 8, 16, 30, 30, 30, null]);
    expect(retryAt(daily, { dueAt, attempt: 1, finishedAt: dueAt }, { max: 0, backoffSeconds: 60 })).toBeNull();
  });

  test("never reach the next due time", () => {
    const late = dueAt + DAY_MS - 30_000;
    expect(retryAt(daily, { dueAt, attempt: 1, finishedAt: late }, rules)).toBeNull();
    expect(retryAt(daily, { dueAt, attempt: 1, finishedAt: late - MINUTE_MS }, rules)).toBe(late);
    expect(judgeRetry(daily, { dueAt, at: late }, dueAt + DAY_MS)).toBe("over");
  });

  test("of an agent that dies again and again are as many as allowed, apart from each other, and before the next due time", () => {
    const random = createRandom(11);
    const hourly = schedule("0 * * * *");
    for (let round = 0; round < 200; round++) {
      const dueAt = START + round * HOUR_MS;
      const max = Math.floor(random() * 6);
      const limits = { max, backoffSeconds: 1 + Math.floor(random() * 600) };
      const starts = [dueAt];
      for (;;) {
        // It dies a moment after it began, and comes back within some minutes.
        const finishedAt = starts.at(-1)! + Math.ceil(random() * 3 * MINUTE_MS);
        const at = retryAt(hourly, { dueAt, attempt: starts.length, finishedAt }, limits);
        if (at === null) break;
        expect(at - finishedAt).toBeGreaterThanOrEqual(Math.min(limits.backoffSeconds * 1000, 30 * MINUTE_MS));
        expect(judgeRetry(hourly, { dueAt, at }, at)).toBe("due");
        starts.push(at);
      }
      expect(starts.length).toBeLessThanOrEqual(max + 1);
      expect(starts.at(-1)!).toBeLessThan(dueAt + HOUR_MS);
    }
  });

  test("are for what passes by itself: a dead server, a lock, the agent's own end", () => {
    expect(ERROR_CODES.filter(isPassing).sort()).toEqual(["agent_restarted", "repo_locked", "repo_unreachable"]);
    expect(isPassing(null)).toBe(false);
  });

  test("are not held up by a clock that was set back", () => {
    const at = dueAt + 5 * MINUTE_MS;
    expect(judgeRetry(daily, { dueAt, at }, at - 1)).toBe("wait");
    expect(judgeRetry(daily, { dueAt, at }, at)).toBe("due");
    expect(judgeRetry(daily, { dueAt, at }, at - 6 * HOUR_MS)).toBe("due");
  });
});
