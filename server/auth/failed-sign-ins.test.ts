/** Failed sign-ins in the audit log: all are counted, in few rows. */
import { afterAll, expect, test } from "bun:test";
import { listAudit } from "../../db/queries/audit.ts";
import { createLog } from "../../shared/log.ts";
import { createRedactor } from "../../shared/redact.ts";
import { MINUTE_MS } from "../../shared/time/clock.ts";
import { openTestDb } from "../../tests/testbed/database.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { networkOf } from "../runtime/addresses.ts";
import { createFailedSignIns } from "./failed-sign-ins.ts";

const cleanup = createCleanup();
afterAll(cleanup.run);

async function scene() {
  const db = await openTestDb(cleanup);
  let now = Date.UTC(2026, 10, 30);
  const clock = { now: () => now };
  const log = createLog({ level: "error", format: "json", clock, redactor: createRedactor(), write: () => undefined });
  const failed = createFailedSignIns({ db, clock, log });
  return {
    note: (ip: string) => failed.note(null, { ip, network: networkOf(ip), origin: "http://rm.test", secure: false }),
    tick: async (minutes: number) => {
      now += minutes * MINUTE_MS;
      for (const { run } of failed.ticks) await run();
    },
    flush: failed.flush,
    rows: () => listAudit(db, { action: "user.sign_in_failed" }, 500, 0).items,
    sum: () => listAudit(db, {}, 500, 0).items.reduce((sum, { payload }) => sum + Number(payload["failures"] ?? 0), 0),
  };
}

test("a thousand addresses become a hundred rows and one for the rest, and none is lost", async () => {
  const { note, tick, rows, sum } = await scene();
  for (let n = 0; n < 1000; n++) note(`10.0.${n >> 8}.${n & 255}`);
  expect(rows()).toHaveLength(100);
  await tick(16);
  expect(rows()).toHaveLength(101);
  expect(rows()[0]).toMatchObject({ actor: "system", ip: null, payload: { failures: 900, from: "other addresses" } });
  expect(sum()).toBe(1000);
});

test("counts are written when the server stops, and the next window starts again", async () => {
  const { note, tick, flush, rows, sum } = await scene();
  for (let n = 0; n < 3; n++) note("203.0.113.7");
  flush();
  expect(rows().map(({ payload }) => payload["failures"])).toEqual([2, 1]);
  note("203.0.113.7");
  await tick(16);
  expect(rows()).toHaveLength(3);
  expect(sum()).toBe(4);
});

test("addresses of one IPv6 network count as one", async () => {
  const { note, flush, rows } = await scene();
  for (let n = 1; n < 50; n++) note(`2001:db8::${n.toString(16)}`);
  flush();
  expect(rows().map(({ payload }) => payload["failures"])).toEqual([48, 1]);
});
