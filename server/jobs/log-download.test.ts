// A downloaded log: readable over several lines, and harmless to the terminal.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { insertLogLines } from "../../db/queries/job-logs.ts";
import { insertJob } from "../../db/queries/jobs.ts";
import { newId } from "../../shared/ids.ts";
import { signInAs, startApp, type TestApp } from "../../tests/testbed/app.ts";
import { enrollHost } from "../../tests/testbed/hosts.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { downloadLog } from "./log-download.ts";

const cleanup = createCleanup();
afterAll(cleanup.run);
let app: TestApp;
const id = newId();
const HOSTILE = "error: \u009b31m\u0085 \u202egpj.exe\u202c \u2066x\u2069 \u200f \u2028next \u001b[2J";
beforeAll(async () => {
  app = await startApp(cleanup);
  const host = await enrollHost(app, await signInAs(app, "admin"));
  const kind = { kind: "backup" as const, status: "queued" as const, attempt: 1, actorKind: "user" as const, args: {} };
  insertJob(app.db, { id, hostId: host.id, repoId: host.rid, sourceGroupId: host.gid, ...kind, queuedAt: 1 });
  insertLogLines(app.db, id, [
    {
      seq: 1,
      ts: 0,
      stream: "stderr",
      payload: "Fatal: cannot load\n  snapshot 1\r\n2026-01-01T00:00:00.000Z event  forged\n",
    },
    { seq: 2, ts: 0, stream: "stdout", payload: HOSTILE },
  ]);
});

const DANGEROUS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

test("text: an error of several lines stays one entry, and nothing controls the terminal", async () => {
  const text = await downloadLog(app.db, { id, kind: "backup" }, "txt").text();
  expect(text).not.toMatch(DANGEROUS);
  const indent = " ".repeat("1970-01-01T00:00:00.000Z stderr ".length);
  expect(text.split("\n").slice(0, 3)).toEqual([
    "1970-01-01T00:00:00.000Z stderr Fatal: cannot load",
    `${indent}|   snapshot 1`,
    `${indent}| 2026-01-01T00:00:00.000Z event  forged`,
  ]);
  expect(text.split("\n")[3]).toContain("error: \\x9b31m\\x85 \\u202egpj.exe\\u202c");
});

test("NDJSON: one entry per line, with the same text after parsing", async () => {
  const text = await downloadLog(app.db, { id, kind: "backup" }, "ndjson").text();
  expect(text).not.toMatch(DANGEROUS);
  const entries = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { payload: string });
  expect(entries).toHaveLength(2);
  expect(entries[1]?.payload).toBe(HOSTILE);
});
