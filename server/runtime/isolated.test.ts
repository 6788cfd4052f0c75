import { expect, test } from "bun:test";
import { createLog, silentLog } from "../../shared/log.ts";
import { createRedactor } from "../../shared/redact.ts";
import { MINUTE_MS } from "../../shared/time/clock.ts";
import { until } from "../../tests/testbed/wait.ts";
import { createIsolation, StillFailing } from "./isolated.ts";
import { createTicker } from "./ticker.ts";

const failingOf = (work: () => void): StillFailing | null => {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof StillFailing) return error;
    throw error;
  }
};

test("a failing item is logged, retried after a growing delay and reported until it works, and the others continue", () => {
  let now = 0;
  const clock = { now: () => now };
  const lines: string[] = [];
  const log = createLog({
    level: "info",
    format: "json",
    clock,
    redactor: createRedactor(),
    write: (l) => lines.push(l),
  });
  const isolation = createIsolation({ task: "counting", of: "host", clock, log });
  const done: string[] = [];
  let isBroken = true;
  const round = () => {
    for (const id of ["a", "b", "c"])
      isolation.attempt(id, () => {
        done.push(id);
        if (id === "b" && isBroken) throw new Error("no such zone");
      });
    return failingOf(() => isolation.conclude());
  };
  expect(round()?.failing).toEqual([{ of: "host", id: "b", since: 0, why: "no such zone" }]);
  expect(done).toEqual(["a", "b", "c"]);
  now = 1000;
  expect(round()?.failing).toHaveLength(1);
  expect(done).toEqual(["a", "b", "c", "a", "c"]);
  now = MINUTE_MS;
  round();
  now = 2 * MINUTE_MS;
  round();
  expect(done.filter((id) => id === "b")).toHaveLength(2);
  expect(lines.filter((line) => line.includes("no such zone"))).toHaveLength(2);
  expect(lines[0]).toContain('"host_id":"b"');
  isBroken = false;
  now = 3 * MINUTE_MS;
  expect(round()).toBeNull();
});

test("an item that is no longer attempted is dropped", () => {
  let now = 0;
  const isolation = createIsolation({ task: "counting", of: "host", clock: { now: () => now }, log: silentLog });
  isolation.attempt("gone", () => {
    throw new Error("no such zone");
  });
  expect(failingOf(() => isolation.conclude())?.failing).toHaveLength(1);
  now = 11 * MINUTE_MS;
  expect(failingOf(() => isolation.conclude())).toBeNull();
});

test("a tick that fails for some items is overdue and names them, and one that fails as a whole says why", async () => {
  let now = 0;
  const clock = { now: () => now };
  const isolation = createIsolation({ task: "counting", of: "repo", clock, log: silentLog });
  let runs = 0;
  const ticker = createTicker({ log: silentLog, clock });
  ticker.start([
    {
      name: "some",
      everyMs: 5,
      run() {
        runs++;
        isolation.attempt("r", () => {
          throw new Error("bad row");
        });
        isolation.conclude();
      },
    },
    {
      name: "whole",
      everyMs: 5,
      run() {
        throw new Error("disk is gone");
      },
    },
    { name: "fine", everyMs: 5, run() {} },
  ]);
  await until(() => runs > 1);
  expect(ticker.overdue()).toEqual([]);
  now = 3 * MINUTE_MS;
  const seen = runs;
  await until(() => runs > seen + 1);
  expect(ticker.overdue()).toMatchObject([
    { tick: "some", failing: [{ of: "repo", id: "r", why: "bad row" }], why: null },
    { tick: "whole", failing: [], why: "disk is gone" },
  ]);
  ticker.stop();
});
