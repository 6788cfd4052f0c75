/** restic's snapshots in the protocol's form. */
import { expect, test } from "bun:test";
import { MAX_BATCH_BYTES } from "../../shared/protocol/version.ts";
import type { Snapshot } from "../../shared/restic/snapshots.ts";
import { reportMessages, rowOfSummary, snapshotRow } from "./snapshot-row.ts";

const snapshot: Snapshot = {
  id: "a".repeat(64),
  time: "2026-11-20T23:31:47.873306652Z",
  hostname: "web-01",
  username: "root",
  paths: ["/etc"],
  tags: ["documents"],
};

test("a row keeps the moment and the offset of the clock that made the snapshot", () => {
  expect(snapshotRow({ ...snapshot, time: "2026-11-20T02:00:00.5+09:00" })).toMatchObject({
    time: Date.UTC(2026, 10, 19, 17, 0, 0, 500),
    utc_offset_minutes: 540,
  });
  expect(snapshotRow({ ...snapshot, time: "1969-01-01T00:00:00Z" }).time).toBe(Date.UTC(1969, 0, 1));
});

test("texts of a hostile repository are bounded", () => {
  const row = snapshotRow({
    ...snapshot,
    hostname: "h".repeat(10_000),
    paths: Array.from({ length: 5000 }, (_, i) => `/${i}/${"p".repeat(5000)}`),
    tags: Array.from({ length: 500 }, () => "t".repeat(500)),
    parent: "not an id",
  });
  expect(JSON.stringify(row).length).toBeLessThan(MAX_BATCH_BYTES);
  expect(row).toMatchObject({ parent: null, size_bytes: null });
  expect(row.hostname).toHaveLength(255);
});

test("a list is sent in parts of one report; an empty one is sent too", () => {
  const rows = Array.from({ length: 3000 }, (_, i) => ({
    ...snapshotRow(snapshot),
    snapshot_id: i.toString(16).padStart(64, "0"),
  }));
  const parts = reportMessages("repo", { rows, unreadable: [] }, 5).map((message) => {
    if (message.type !== "snapshots.report") throw new Error(message.type);
    return message.payload;
  });
  expect(parts.length).toBeGreaterThan(2);
  expect(parts.flatMap((part) => part.snapshots)).toEqual(rows);
  expect(new Set(parts.map((part) => part.report_id)).size).toBe(1);
  expect(parts.map((part) => part.part)).toEqual(parts.map((_, i) => i + 1));
  expect(parts.every((part) => part.parts === parts.length)).toBe(true);
  expect(reportMessages("repo", { rows: [], unreadable: [] }, 5)).toMatchObject([
    { payload: { part: 1, parts: 1, snapshots: [] } },
  ]);
  const id = "c".repeat(64);
  expect(reportMessages("repo", { rows, unreadable: [id] }, 5)).toMatchObject(
    parts.map(() => ({ payload: { unreadable: [id] } })),
  );
});

test("a backup that saved nothing has no row", () => {
  const facts = { host: "web-01", username: "root", paths: ["/etc"], tag: "t", resticVersion: "0.19.1" };
  const summary = { message_type: "summary" } as Parameters<typeof rowOfSummary>[0];
  expect(rowOfSummary(summary, facts, 1)).toBeNull();
  expect(rowOfSummary({ ...summary, snapshot_id: "b".repeat(64) }, facts, 1)).toMatchObject({
    program_version: "restic 0.19.1",
  });
});
