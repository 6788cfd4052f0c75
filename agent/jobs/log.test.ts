/** The job log: numbering, redaction, batches. */
import { expect, test } from "bun:test";
import type { LogLine } from "../../shared/protocol/fields.ts";
import { MAX_LOG_LINE_BYTES } from "../../shared/protocol/version.ts";
import { createRedactor } from "../../shared/redact.ts";
import { createJobLog } from "./log.ts";

function log(lastLine = 0, flushMs = 20) {
  const writes: LogLine[][] = [];
  const redactor = createRedactor();
  redactor.add("the secret");
  const options = {
    lastLine,
    write: (lines: LogLine[]) => void writes.push(lines),
    redactor,
    clock: { now: () => 1 },
    flushMs,
  };
  return { writes, log: createJobLog(options) };
}

test("lines are numbered, redacted, and gathered for a moment", async () => {
  const { writes, log: job } = log(7);
  job.event("one");
  job.stdout("with the secret in it");
  job.stderr("three");
  expect(writes).toEqual([]);
  await Bun.sleep(40);
  expect(writes).toHaveLength(1);
  expect(writes[0]).toEqual([
    { seq: 8, ts: 1, stream: "event", payload: "one" },
    { seq: 9, ts: 1, stream: "stdout", payload: "with [redacted] in it" },
    { seq: 10, ts: 1, stream: "stderr", payload: "three" },
  ]);
});

test("a flood leaves in few writes, without waiting, in order", async () => {
  const { writes, log: job } = log(0, 10_000);
  for (let i = 0; i < 5000; i++) job.stdout("x");
  await Bun.sleep(5);
  job.flush();
  expect(writes.length).toBeLessThan(5);
  expect(writes.flat().map((line) => line.seq)).toEqual(Array.from({ length: 5000 }, (_, i) => i + 1));
});

test("a long line is cut with a mark", () => {
  const { writes, log: job } = log();
  job.stdout("y".repeat(100_000));
  job.flush();
  expect(writes[0]![0]!.payload).toHaveLength(MAX_LOG_LINE_BYTES);
  expect(writes[0]![0]!.payload).toEndWith("… [cut]");
});
