import { expect, test } from "bun:test";
import { nextStep, type ReadinessView } from "./readiness.ts";

const NOW = 10_000_000;
const view = (
  changes: Partial<Omit<ReadinessView, "repo">> & { repo?: Partial<ReadinessView["repo"]> } = {},
): ReadinessView => ({
  credential: { previousSealed: null, trialError: null },
  isInSync: true,
  nextTrialAt: null,
  openKinds: [],
  lastInitAt: null,
  nextProbeAt: null,
  ...changes,
  repo: { status: "unknown", statusCode: null, resticId: null, waitingSince: null, ...changes.repo },
});

test("a new repo is probed once its host has its settings", () => {
  expect(nextStep(view(), NOW)).toBe("probe");
  expect(nextStep(view({ isInSync: false }), NOW)).toBeNull();
  expect(nextStep(view({ openKinds: ["probe"] }), NOW)).toBeNull();
});

test("a missing repository is created only if there has never been one", () => {
  const missing = { status: "unknown", statusCode: "repo_missing" } as const;
  expect(nextStep(view({ repo: missing }), NOW)).toBe("init");
  expect(nextStep(view({ repo: { status: "failed", statusCode: "repo_missing", resticId: "abc" } }), NOW)).toBeNull();
  expect(nextStep(view({ repo: missing, lastInitAt: NOW - 1000 }), NOW)).toBeNull();
});

test("an unknown user at the repo server is retried for an hour", () => {
  expect(nextStep(view({ repo: { status: "waiting", waitingSince: NOW - 60_000 } }), NOW)).toBe("probe");
  expect(nextStep(view({ repo: { status: "waiting", waitingSince: NOW - 3_700_000 } }), NOW)).toBeNull();
});

test("a new credential is tried once, while the old one stays in use", () => {
  const ready = { status: "ready", resticId: "abc" } as const;
  expect(nextStep(view({ repo: ready, credential: { previousSealed: "x", trialError: null } }), NOW)).toBe(
    "probe_trial",
  );
  expect(
    nextStep(view({ repo: ready, credential: { previousSealed: "x", trialError: "wrong password" } }), NOW),
  ).toBeNull();
});

test("a repo that cannot be opened is probed again when the time has come, and is never created anew", () => {
  for (const statusCode of ["repo_missing", "wrong_password", "wrong_repo", "repo_unreachable"]) {
    const failed = { status: "failed", statusCode, resticId: "abc" } as const;
    expect(nextStep(view({ repo: failed, nextProbeAt: NOW + 1 }), NOW)).toBeNull();
    expect(nextStep(view({ repo: failed, nextProbeAt: NOW }), NOW)).toBe("probe_again");
    expect(nextStep(view({ repo: failed, nextProbeAt: NOW, openKinds: ["probe"] }), NOW)).toBeNull();
    expect(nextStep(view({ repo: failed, nextProbeAt: NOW, isInSync: false }), NOW)).toBeNull();
  }
  expect(nextStep(view({ repo: { status: "ready", resticId: "abc" } }), NOW)).toBeNull();
});
