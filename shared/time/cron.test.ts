/** Due times against a minute-by-minute look at real wall clocks, over every kind of clock change. */
import { describe, expect, test } from "bun:test";
import { Cron as Croner } from "croner";
import { newId } from "../ids.ts";
import { type Cron, nextFire, nextRuns, parseCron, splayMs } from "./cron.ts";
import { createZone } from "./zone.ts";

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const at = (text: string) => Date.parse(text);
const told = (times: number[]) => times.map((time) => new Date(time).toISOString().slice(0, 16));

function cron(expr: string): Cron {
  const parsed = parseCron(expr);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.cron;
}

const problem = (expr: string) => {
  const parsed = parseCron(expr);
  return parsed.ok ? null : parsed.problem;
};

describe("when clocks change", () => {
  test("a daily run in the missing hour comes with the jump, the next one at its usual time", () => {
    const runs = nextRuns(cron("30 2 * * *"), "Europe/Berlin", at("2026-03-28T12:00Z"), 2);
    expect(told(runs)).toEqual(["2026-03-29T01:00", "2026-03-30T00:30"]);
  });

  test("a daily run in the doubled hour comes the first time only", () => {
    const runs = nextRuns(cron("30 2 * * *"), "Europe/Berlin", at("2026-10-24T12:00Z"), 2);
    expect(told(runs)).toEqual(["2026-10-25T00:30", "2026-10-26T01:30"]);
  });

  test("every second hour loses none and doubles none", () => {
    const spring = nextRuns(cron("0 */2 * * *"), "Europe/Berlin", at("2026-03-28T22:59Z"), 3);
    expect(told(spring)).toEqual(["2026-03-28T23:00", "2026-03-29T01:00", "2026-03-29T02:00"]);
    const autumn = nextRuns(cron("0 */2 * * *"), "Europe/Berlin", at("2026-10-24T21:59Z"), 3);
    expect(told(autumn)).toEqual(["2026-10-24T22:00", "2026-10-25T00:00", "2026-10-25T03:00"]);
  });

  test("every quarter of an hour goes on at its pace", () => {
    const autumn = nextRuns(cron("*/15 * * * *"), "America/New_York", at("2026-11-01T05:00Z"), 200);
    for (const [index, run] of autumn.entries()) expect(run).toBe(at("2026-11-01T05:00Z") + (index + 1) * 15 * MINUTE);
  });

  test("half an hour, as on Lord Howe: hourly runs come once an hour of the wall clock", () => {
    const spring = nextRuns(cron("15 * * * *"), "Australia/Lord_Howe", at("2026-10-03T14:00Z"), 3);
    // 01:15, the jump from 02:00 to 02:30, 03:15
    expect(told(spring)).toEqual(["2026-10-03T14:45", "2026-10-03T15:30", "2026-10-03T16:15"]);
  });

  test("a day that an island left out is not made up for", () => {
    const runs = nextRuns(cron("0 2 * * *"), "Pacific/Apia", at("2011-12-29T00:00Z"), 2);
    expect(told(runs)).toEqual(["2011-12-29T12:00", "2011-12-30T12:00"]);
  });
});

describe("against brute force", () => {
  const ZONES: Record<string, string[]> = {
    "Europe/Berlin": ["2026-03-29T01:00Z", "2026-10-25T01:00Z", "2027-03-28T01:00Z"],
    "America/New_York": ["2026-03-08T07:00Z", "2026-11-01T06:00Z"],
    "America/Havana": ["2026-03-08T05:00Z", "2026-11-01T05:00Z"],
    "Australia/Lord_Howe": ["2026-04-04T15:00Z", "2026-10-03T15:30Z"],
    "Asia/Kolkata": ["2026-03-29T01:00Z"],
    UTC: ["2026-10-25T01:00Z"],
  };
  const EXPRESSIONS = [
    "*/5 * * * *",
    "*/15 * * * *",
    "*/25 * * * *",
    "0 * * * *",
    "45 * * * *",
    "0 */2 * * *",
    "0 2 * * *",
    "30 2 * * *",
    "59 1 * * *",
    "*/10 1-3 * * *",
    "0,30 2,14 * * *",
    "0 0 * * *",
    "30 0 * * sun",
    "30 2 29,8 * mon",
    "0 3 1,15 * *",
  ];

  for (const [zone, changes] of Object.entries(ZONES)) {
    test(zone, () => {
      for (const change of changes) expectBruteForce(zone, at(change), EXPRESSIONS);
    });
  }

  test("every change of clocks in two years, by every rule that the system knows", () => {
    const rules = new Map(
      [...Intl.supportedValuesOf("timeZone"), "Antarctica/Troll"].map((name) => {
        const changes = changesOf(name, at("2026-01-01T00:00Z"), at("2028-01-01T00:00Z"));
        return [changes.map(({ time, jump }) => `${time} ${jump}`).join(), { name, changes }];
      }),
    );
    expect(rules.size).toBeGreaterThan(15);
    for (const { name, changes } of rules.values()) {
      for (const { time } of changes) expectBruteForce(name, time, ["*/15 * * * *", "30 * * * *", "0 2 * * *"]);
    }
  });

  function changesOf(name: string, from: number, to: number): { time: number; jump: number }[] {
    const zone = createZone(name);
    const changes: { time: number; jump: number }[] = [];
    for (let day = from; day < to; day += DAY) {
      if (zone.offset(day) === zone.offset(day + DAY)) continue;
      let time = day;
      while (zone.offset(time) === zone.offset(day)) time += 15 * MINUTE;
      changes.push({ time, jump: zone.offset(time) - zone.offset(day) });
    }
    return changes;
  }

  /** Forwards and backwards through the hours around a change. */
  function expectBruteForce(zone: string, change: number, expressions: string[]): void {
    const known = createZone(zone);
    const window = { from: change - 0.8 * DAY, to: change + 0.8 * DAY };
    const wall = wallClocks(zone, window);
    for (const expr of expressions) {
      const wanted = bruteForce(expr, wall, window);
      const runs: number[] = [];
      const subject = cron(expr);
      for (let time = window.from; ; ) {
        time = subject.next(time, known);
        if (time > window.to) break;
        runs.push(time);
      }
      expect({ zone, expr, runs: told(runs) }).toEqual({ zone, expr, runs: told(wanted) });
      const back: number[] = [];
      for (let time = window.to + 1; ; ) {
        time = subject.previous(time, known);
        if (time <= window.from) break;
        back.unshift(time);
      }
      expect({ zone, expr, back: told(back) }).toEqual({ zone, expr, back: told(wanted) });
    }
  }

  /** The wall clock at every minute of the window and the hours before, read from the system's tables. */
  function wallClocks(zone: string, window: { from: number; to: number }): Map<number, number> {
    const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
    const clocks = new Map<number, number>();
    for (let time = window.from - DAY; time <= window.to; time += MINUTE) {
      clocks.set(time, Date.parse(`${format.format(time).replace(" ", "T")}Z`));
    }
    return clocks;
  }

  function bruteForce(expr: string, wall: Map<number, number>, window: { from: number; to: number }): number[] {
    const matches = new Set<number>();
    const oracle = new Croner(expr, { timezone: "UTC", paused: true });
    let run = oracle.nextRun(new Date(window.from - 2 * DAY));
    while (run && run.getTime() < window.to + 2 * DAY) {
      matches.add(run.getTime());
      run = oracle.nextRun(run);
    }
    const timesOfDay = new Set([...matches].map((match) => match % DAY));
    const straight = (shift: number) => [...timesOfDay].every((time) => timesOfDay.has((time + shift) % DAY));
    const fires: number[] = [];
    const passed = new Set<number>();
    let before: number | null = null;
    for (const [time, now] of wall) {
      const jump: number = before === null ? 0 : now - before - MINUTE;
      let due = matches.has(now);
      if (jump > 0 && !straight(jump)) {
        for (let left = before! + MINUTE; left < now; left += MINUTE) due ||= matches.has(left);
      }
      if (passed.has(now) && !straight(shiftOfRepeat(now, time, wall))) due = false;
      passed.add(now);
      if (due && time > window.from) fires.push(time);
      before = now;
    }
    return fires;
  }

  function shiftOfRepeat(now: number, time: number, wall: Map<number, number>): number {
    for (let earlier = time - MINUTE; ; earlier -= MINUTE) if (wall.get(earlier) === now) return time - earlier;
  }
});

test("agrees with croner where no clock changes", () => {
  for (const expr of [
    "*/7 3-9/2 1-7 * *",
    "0 4 * jan-mar,dec fri-sun",
    "5 0 13 * fri",
    "0 0 29 2 *",
    "@weekly",
    "@monthly",
  ]) {
    const oracle = new Croner(expr, { timezone: "UTC", paused: true });
    const wanted = oracle.nextRuns(30, "2026-11-21T00:00:00Z").map((run) => run.getTime());
    expect(nextRuns(cron(expr), "UTC", at("2026-11-21T00:00Z"), 30)).toEqual(wanted);
  }
});

test("refuses what never fires, and what it does not know, in words", () => {
  expect(problem("0 2 31 2 *")).toContain("never run");
  expect(problem("0 2 31 4,6,9,11 *")).toContain("never run");
  expect(problem("0 2 29 2 *")).toBeNull();
  expect(problem("0 2 31 2 mon")).toBeNull();
  expect(problem("0 0 2 * * *")).toContain("Seconds");
  for (const expr of [
    "",
    "0 2 * *",
    "60 * * * *",
    "0 24 * * *",
    "0 2 L * *",
    "0 2 15W * *",
    "0 2 * * 5#2",
    "0 2 ? * *",
  ]) {
    expect(problem(expr)).not.toBeNull();
  }
  for (const expr of [
    "5/10 * * * *",
    "*/0 * * * *",
    "1,,2 * * * *",
    "9-5 * * * *",
    "@reboot",
    "0 2 * * +mon",
    "-1 * * * *",
  ]) {
    expect(problem(expr)).not.toBeNull();
  }
  expect(problem("0 25 * * *")).toBe(
    'The hour "25" is not understood: numbers from 0 to 23, ranges (a-b), lists (a,b) and steps (*/n) are',
  );
});

test("names in any case, Sunday as 0, 7 and the end of a range", () => {
  const sundays = told(nextRuns(cron("0 4 * * SUN"), "UTC", at("2026-11-21T00:00Z"), 2));
  expect(sundays).toEqual(["2026-11-22T04:00", "2026-11-29T04:00"]);
  expect(told(nextRuns(cron("0 4 * * 7"), "UTC", at("2026-11-21T00:00Z"), 2))).toEqual(sundays);
  expect(told(nextRuns(cron("0 4 * * sat-sun"), "UTC", at("2026-11-20T00:00Z"), 3))).toEqual([
    "2026-11-21T04:00",
    "2026-11-22T04:00",
    "2026-11-28T04:00",
  ]);
});

test("the splay is fixed by the id, spread evenly, and never reaches its limit", () => {
  const ids = Array.from({ length: 4000 }, () => newId());
  const splays = ids.map((id) => splayMs(id, 120));
  expect(ids.map((id) => splayMs(id, 120))).toEqual(splays);
  expect(Math.min(...splays)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...splays)).toBeLessThan(120 * MINUTE);
  const perQuarter = new Array(4).fill(0);
  for (const splay of splays) perQuarter[Math.floor(splay / (30 * MINUTE))] += 1;
  for (const count of perQuarter) expect(count).toBeGreaterThan(850);
  expect(splayMs(ids[0]!, 0)).toBe(0);
});

test("the next fire is the due time and the start after the splay", () => {
  const schedule = { id: newId(), cron: cron("0 2 * * *"), timezone: null, splayMinutes: 120 };
  const splay = splayMs(schedule.id, 120);
  const due = at("2026-11-22T01:00Z");
  expect(nextFire(schedule, "Europe/Berlin", at("2026-11-21T12:00Z"))).toEqual({ dueAt: due, startAt: due + splay });
  // Due already, not started yet.
  expect(nextFire(schedule, "Europe/Berlin", due + splay - 1).dueAt).toBe(due);
  expect(nextFire(schedule, "Europe/Berlin", due + splay).dueAt).toBe(due + DAY);
  expect(nextFire({ ...schedule, timezone: "UTC" }, "Europe/Berlin", at("2026-11-21T12:00Z")).dueAt).toBe(
    at("2026-11-22T02:00Z"),
  );
});
