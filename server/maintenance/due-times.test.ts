import { expect, test } from "bun:test";
import { MINUTE_MS } from "../../shared/time/clock.ts";
import { type Cron, parseCron } from "../../shared/time/cron.ts";
import { createZone } from "../../shared/time/zone.ts";
import { createRandom } from "../../tests/testbed/random.ts";
import { createDueTimes } from "./due-times.ts";

test("cached due times equal those of a newly parsed expression, across clock changes and when time runs backwards", () => {
  const random = createRandom(41);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const expressions = ["30 2 * * *", "*/15 * * * *", "0 6 * * 1", "59 2 * * 0", "0 0 1 * *"];
  const zones = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"].map((name) => createZone(name));
  const around = createDueTimes();
  let reads = 0;
  let now = Date.UTC(2026, 2, 27);
  for (let step = 0; step < 4000; step++) {
    now += random() < 0.1 ? -Math.floor(random() * 3000) * MINUTE_MS : Math.floor(random() * 400) * 11_000;
    const expression = pick(expressions);
    const zone = pick(zones);
    const cron = read(expression);
    const times = around(now, expression, zone, () => {
      reads += 1;
      return cron;
    });
    expect(times).toEqual({ lastAt: cron.previous(now + 1, zone), nextAt: cron.next(now, zone) });
  }
  expect(reads).toBeLessThan(2500);
});

function read(expression: string): Cron {
  const parsed = parseCron(expression);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.cron;
}
