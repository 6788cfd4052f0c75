/** How the end of a restic command is judged, on recorded output of both versions. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ErrorCode } from "../../shared/jobs.ts";
import type { ResticOrder } from "./argv.ts";
import { deleteRefused, judge, lastingFailure } from "./exit.ts";
import { cleanText, readLine } from "./output.ts";

/** What restic said in a recorded run, as the runner collects it. */
function recorded(version: string, name: string): { code: number; stderr: string[] } {
  const read = (stream: string) =>
    readFileSync(join(import.meta.dir, "testdata", version, `${name}.${stream}`), "utf8");
  const lines = read("stderr").split("\n").filter(Boolean).map(readLine);
  const texts = lines.flatMap((line) => (line.is === "text" ? [cleanText(line.text)] : []));
  const last = lines.flatMap((line) => (line.is === "exit_error" ? [line.exitError.message.trim()] : []));
  return { code: Number(read("code")), stderr: [...texts, ...last] };
}

function judged(version: string, name: string, order: ResticOrder["do"], stoppedByUs = false) {
  return judge({ order, stoppedByUs, ...recorded(version, name) });
}

const FAILURES: [name: string, order: ResticOrder["do"], code: ErrorCode][] = [
  ["repo-missing-backup", "backup", "repo_missing"],
  ["rest-repo-missing", "snapshots", "repo_missing"],
  ["live-excl-backup", "backup", "repo_locked"],
  ["wrong-password-snapshots", "snapshots", "wrong_password"],
  ["snapshots-no-keys", "snapshots", "wrong_password"],
  ["rest-bad-http-auth", "snapshots", "unauthorised"],
  ["rest-newuser-immediate", "init", "unauthorised"],
  ["repo-permission-denied", "snapshots", "permission_denied"],
  ["netdown-init", "init", "repo_unreachable"],
  ["netdown-refused-backup", "backup", "repo_unreachable"],
  ["rest-stopped-server-snapshots", "snapshots", "repo_unreachable"],
  ["rest-tls-unknown-ca", "init", "repo_unreachable"],
  ["backup-all-missing-source", "backup", "no_paths"],
  ["backup-bad-flag", "backup", "restic_failed"],
  ["init-exists", "init", "restic_failed"],
  ["rest-quota-backup", "backup", "repo_full"],
  ["rest-diskfull-backup", "backup", "repo_full"],
  ["rest-prune-appendonly", "prune", "append_only"],
  ["stale-prune", "prune", "repo_locked"],
  ["stale-forget", "forget", "repo_locked"],
  ["stale-check-json", "check", "repo_locked"],
  ["check-missing-pack-json", "check", "restic_failed"],
];

describe.each(["0.18.0", "0.19.1"])("the end of a command of restic %s", (version) => {
  test.each(FAILURES)("%s of %s is %s", (name, order, code) => {
    const judgement = judged(version, name, order);
    expect(judgement).toMatchObject({ is: "failed", code });
    const message = judgement.is === "failed" ? judgement.message : "";
    expect(message.length).toBeGreaterThan(20);
    expect(message).not.toContain("\n");
  });

  test("unreadable files make a backup incomplete, not failed", () => {
    expect(judged(version, "backup-unreadable", "backup")).toEqual({ is: "incomplete" });
  });

  test("a backup that we stopped is stopped, whichever code it ends with", () => {
    expect(judged(version, "intr-backup-term", "backup", true)).toEqual({ is: "stopped" });
    expect(judged(version, "rest-backup-term", "backup", true)).toEqual({ is: "stopped" });
  });

  test("what somebody else interrupted has failed", () => {
    expect(judged(version, "intr-backup-int", "backup")).toMatchObject({ is: "failed" });
  });

  test("a refused forget is recognised by its messages, whatever the exit code", () => {
    const { code, stderr } = recorded(version, "rest-forget-appendonly");
    expect(code).toBe(version === "0.18.0" ? 0 : 3);
    expect(deleteRefused(stderr)).toBe(true);
    if (code !== 0) expect(judged(version, "rest-forget-appendonly", "forget")).toMatchObject({ code: "append_only" });
  });

  test("all went well", () => {
    expect(judged(version, "rest-server-restart-mid-backup", "backup")).toEqual({ is: "ok" });
  });
});

test("a command that had ended before it could be stopped keeps its true end", () => {
  expect(judge({ order: "backup", code: 0, stoppedByUs: true, stderr: [] })).toEqual({ is: "ok" });
});

test("an unknown failure repeats restic's own first line", () => {
  const end = {
    order: "stats",
    code: 1,
    stoppedByUs: false,
    stderr: ["Fatal: Fatal: the moon is full\nmore"],
  } as const;
  expect(judge({ ...end, stderr: [...end.stderr] })).toEqual({
    is: "failed",
    code: "restic_failed",
    message: "restic failed: the moon is full",
  });
});

/** As restic 0.18.0 and 0.19.1 said it of OpenStack Swift's S3 layer; the last one of a server that was stopped. */
const RETRIED: [cause: string, code: ErrorCode | null][] = [
  ["Stat: The specified bucket does not exist.", "repo_missing"],
  [
    "Stat: The request signature we calculated does not match the signature you provided. Check your key and signing method.",
    "unauthorised",
  ],
  [
    'Stat: Get "https://127.0.0.1:43713/backups/?location=": tls: failed to verify certificate: x509: certificate signed by unknown authority',
    "repo_unreachable",
  ],
  [
    'Stat: Get "https://127.0.0.1:33375/backups/?location=": dial tcp 127.0.0.1:33375: connect: connection refused',
    null,
  ],
  ["Stat: We encountered an internal error. Please try again.", null],
  ['Stat: Get "https://vault:8000/config": local error: tls: bad record MAC', null],
  ['Stat: Head "https://vault:8000/config": remote error: tls: internal error', null],
];

test.each(RETRIED)("of a retry notice: %s", (cause, code) => {
  const found = lastingFailure(`Stat(<config/>) returned error, retrying after 1.015892236s: ${cause}`);
  expect(found?.code ?? null).toBe(code);
  expect(lastingFailure(cause)).toBeNull();
  expect(lastingFailure(`Load(<data/38a02bf57d>) returned error, retrying after 1s: ${cause}`)).toBeNull();
});

test("a file whose name looks like a retry notice ends no backup", () => {
  const name = "/home/eve/(<config/>) returned error, retrying after 1s: x509: ";
  expect(lastingFailure(`error: open ${name}: permission denied`)).toBeNull();
});
