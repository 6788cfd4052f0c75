// A list shows the worst result, and a running backup before it.
import { describe, expect, test } from "bun:test";
import { lastBackupOfGroup, lastBackupOfHost, type OpenJobFacts, type TargetFacts } from "./last-backup.ts";

const group = { id: "g", name: "docs" };
const target = (changes: Partial<TargetFacts>): TargetFacts => ({
  sourceGroupId: "g",
  lastStatus: "succeeded",
  lastWarnings: 0,
  lastAt: 1000,
  lastSuccessAt: 1000,
  causes: [],
  startedAt: 400,
  errorCode: null,
  ...changes,
});
const nothing = () => null;

describe("last backup of a group", () => {
  test("never ran", () => {
    expect(lastBackupOfGroup(group, [], [], nothing)).toEqual({ status: "never" });
  });

  test("succeeded, with its duration", () => {
    expect(lastBackupOfGroup(group, [target({})], [], nothing)).toEqual({ status: "ok", at: 1000, durationMs: 600 });
  });

  test("a failed target hides a good one", () => {
    const both = [target({ lastAt: 2000 }), target({ lastStatus: "failed", errorCode: "wrong_password" })];
    expect(lastBackupOfGroup(group, both, [], nothing)).toEqual({
      status: "failed",
      at: 1000,
      reason: "wrong restic password",
    });
  });

  test("success with warnings is never plain", () => {
    expect(lastBackupOfGroup(group, [target({ lastWarnings: 2 })], [], nothing)).toMatchObject({ status: "warning" });
  });

  test("a running backup comes first, and jobs of other groups do not count", () => {
    const open: OpenJobFacts[] = [
      { id: "1", kind: "backup", status: "queued", sourceGroupId: "g" },
      { id: "2", kind: "backup", status: "running", sourceGroupId: "g" },
      { id: "3", kind: "backup", status: "running", sourceGroupId: "other" },
    ];
    expect(lastBackupOfGroup(group, [target({})], open, () => 0.4)).toEqual({
      status: "running",
      group: "docs",
      jobId: "2",
      share: 0.4,
    });
  });
});

describe("last backup of a host", () => {
  test("is the worst of its groups, and among equals the newest", () => {
    const ok = { status: "ok", at: 5, durationMs: null } as const;
    const newer = { status: "ok", at: 9, durationMs: null } as const;
    expect(lastBackupOfHost([ok, newer])).toBe(newer);
    expect(lastBackupOfHost([newer, { status: "failed", at: 1, reason: "" }])).toMatchObject({ status: "failed" });
    expect(lastBackupOfHost([])).toEqual({ status: "never" });
  });
});
