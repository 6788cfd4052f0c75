// Three months of maintenance in the sample fleet: an admin credential, weekly prunes, a forget with its table, a check that found errors, a stale lock.
import type { Db } from "../../db/open.ts";
import { insertJob } from "../../db/queries/jobs.ts";
import { putRepoSample, updateRepo } from "../../db/queries/repos.ts";
import { updateSourceGroup } from "../../db/queries/source-groups.ts";
import type { Credentials } from "../../server/repos/credentials.ts";
import { newId } from "../../shared/ids.ts";
import type { JobKind } from "../../shared/jobs.ts";
import type { JobStats } from "../../shared/protocol/fields.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../shared/time/clock.ts";
import type { SeededHost } from "./seed.ts";

const GIB = 2 ** 30;

type Deps = { db: Db; now: number; credentials: Credentials };

/** @returns jobs that pages show */
export function seedMaintenance(deps: Deps, hosts: readonly SeededHost[]): { forgetJobId: string; checkJobId: string } {
  const { db, now, credentials } = deps;
  const nas = named(hosts, "nas-01");
  const mail = named(hosts, "mail-01");
  credentials.create(nas.repoId, "admin", {
    url: "rest:https://vault.linden.example:8001/nas-01/",
    http_username: "prune",
    http_password: "sample-admin",
    repo_password: "sample-restic-nas-01",
    env: {},
  });
  for (let week = 12; week >= 1; week--) {
    const at = now - week * 7 * DAY_MS + 2 * DAY_MS - 5 * HOUR_MS;
    seedJob(deps, nas, "prune", at, 23, { freed_bytes: Math.round(10.8 * GIB), remaining_bytes: 1490 * GIB });
  }
  const pruneAt = now - 5 * DAY_MS - 5 * HOUR_MS;
  const forgetAt = now - 6 * HOUR_MS;
  const checkAt = now - 19 * DAY_MS;
  const forgetJobId = seedJob(deps, nas, "forget", forgetAt, 0.2, forgetStats(nas, now));
  seedJob(deps, nas, "check", checkAt, 48, {
    errors: 0,
    read_part: 4,
    read_parts: 150,
    broken_packs: [],
    findings: [],
  });
  updateRepo(db, nas.repoId, {
    forgetCron: "30 3 * * *",
    pruneCron: "30 4 * * sun",
    checkCron: "30 5 1 * *",
    checkNextPart: 5,
    checkParts: 150,
    checkRoundSince: now - 140 * DAY_MS,
    lastForgetAt: forgetAt,
    lastForgetStatus: "ok",
    lastPruneAt: pruneAt,
    lastPruneStatus: "ok",
    lastCheckAt: checkAt,
    lastCheckStatus: "ok",
    locksAt: now - 20_000,
    locks: [lock("nas-01", now - 47 * MINUTE_MS)],
  });
  for (let back = 90; back > 30; back -= 3) {
    const day = new Date(now - back * DAY_MS).toISOString().slice(0, 10);
    const sizeBytes = Math.round(nas.sample.sizeGib * GIB * (1 - back * 0.0018 + (back % 4) * 0.0006));
    putRepoSample(db, { repoId: nas.repoId, day, sizeBytes, snapshotCount: nas.sample.snapshots, addedBytes: 0 });
  }
  const checkJobId = seedJob(
    deps,
    mail,
    "check",
    now - 2 * DAY_MS,
    31,
    {
      errors: 1,
      read_part: 2,
      read_parts: 9,
      broken_packs: ["9ac7df6c0cbb987c47f5434f724b6562794c546554f2990867a02e63e853679b"],
      findings: [
        "pack 9ac7df6c0cbb987c47f5434f724b6562794c546554f2990867a02e63e853679b contains 2 errors: [blob 14d49aa6: ciphertext verification failed]",
      ],
    },
    "1 error found. Stored data is damaged: run restic repair packs 9ac7df6c0cbb987c47f5434f724b6562794c546554f2990867a02e63e853679b, then restic repair snapshots --forget, then a backup and another check. Run these with the admin credential on a trusted machine, and keep a copy of the repository first",
  );
  for (const [at, host] of hosts.entries())
    if (!["nas-01", "nas-02", "home-assistant"].includes(host.sample.name)) seedHealthyRepo(deps, host, at);
  // Its retention was tightened, and nobody has agreed yet.
  const laptop = named(hosts, "laptop-anna");
  updateSourceGroup(db, laptop.groups[0]?.id ?? "", {
    retention: { keep_last: 3 },
    retentionHeldSince: now - 2 * DAY_MS,
  });
  updateRepo(db, mail.repoId, {
    lastCheckAt: now - 2 * DAY_MS,
    lastCheckStatus: "errors",
    lockCount: 2,
    oldestLockAt: now - 9 * HOUR_MS,
    locksAt: now - 3 * HOUR_MS,
    locks: [lock("mail-01", now - 9 * HOUR_MS), lock("lab-03", now + 3 * HOUR_MS)],
    unreadableSnapshots: ["439d3d25a642660b23a6e9043bd5017ac39ed915b9550fba2f49a958f58ac922"],
  });
  return { forgetJobId, checkJobId };
}

/** What is quietly in order: an admin credential, a check, a prune and a forget of this week. */
function seedHealthyRepo({ db, now, credentials }: Deps, { repoId, sample }: SeededHost, at: number): void {
  credentials.create(repoId, "admin", {
    url: `rest:https://vault.linden.example:8001/${sample.name}/`,
    http_username: "prune",
    http_password: "sample-admin",
    repo_password: `sample-restic-${sample.name}`,
    env: {},
  });
  const ago = (days: number) => now - (days + (at % 3)) * DAY_MS - at * HOUR_MS;
  updateRepo(db, repoId, {
    lastCheckAt: ago(2),
    lastCheckStatus: "ok",
    lastPruneAt: ago(1),
    lastPruneStatus: "ok",
    lastForgetAt: ago(1),
    lastForgetStatus: "ok",
  });
}

function named(hosts: readonly SeededHost[], name: string): SeededHost {
  const found = hosts.find(({ sample }) => sample.name === name);
  if (!found) throw new Error(`the sample fleet has no ${name}`);
  return found;
}

function lock(hostname: string, time: number) {
  return { lock_id: "5438b46d", time, exclusive: false, hostname, username: "root", pid: 4550 };
}

function forgetStats({ groups, sample }: SeededHost, now: number): JobStats {
  const rows = [1, 2, 3].map((n) => ({
    id: `a1b2c3d${n}`,
    time: now - (14 + n) * DAY_MS,
    tag: "documents",
    host: sample.name,
    reasons: "",
    fate: "removed",
  }));
  const kept = [0, 1, 2, 3, 4].map((n) => ({
    id: `0f9e8d7${n}`,
    time: now - n * DAY_MS,
    tag: "documents",
    host: sample.name,
    reasons: n === 0 ? "within 14d, daily within 30d, weekly within 3m" : "within 14d, daily within 30d",
    fate: "kept",
  }));
  return {
    snapshots_before: 121,
    snapshots_after: 118,
    snapshots_removed: 3,
    snapshots_kept: 118,
    groups: groups.map((_, index) => ({
      tag: ["documents", "media", "photos"][index] ?? "more",
      host: sample.name,
      kept: [44, 40, 34][index] ?? 0,
      removed: index === 0 ? 3 : 0,
    })),
    snapshots: [...rows, ...kept],
  };
}

function seedJob(
  { db }: Deps,
  host: SeededHost,
  kind: JobKind,
  endedAt: number,
  minutes: number,
  stats: JobStats,
  error: string | null = null,
): string {
  const id = newId();
  const startedAt = endedAt - Math.round(minutes * MINUTE_MS);
  insertJob(db, {
    id,
    hostId: host.id,
    repoId: host.repoId,
    kind,
    status: error === null ? "succeeded" : "failed",
    attempt: 1,
    actorKind: "system",
    args: {},
    queuedAt: startedAt - 400,
    expiresAt: startedAt + 3 * DAY_MS,
    sentAt: startedAt - 300,
    acceptedAt: startedAt - 200,
    startedAt,
    finishedAt: endedAt,
    receivedAt: endedAt,
    closedBy: "agent",
    exitCode: error === null ? 0 : 1,
    errorCode: error === null ? null : kind === "check" ? "repo_damaged" : "restic_failed",
    errorMessage: error,
    resticVersion: "0.19.1",
    stats,
  });
  return id;
}
