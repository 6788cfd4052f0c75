// Fills a database with the sample fleet: hosts, repos, groups, a month of nights, jobs, snapshots, sizes, audit rows.
import type { Db } from "../../db/open.ts";
import { insertAudit } from "../../db/queries/audit.ts";
import { insertHost } from "../../db/queries/hosts.ts";
import { insertLogLines } from "../../db/queries/job-logs.ts";
import { changeJob, insertJob, listLastBackups } from "../../db/queries/jobs.ts";
import { insertRepo, putRepoSample } from "../../db/queries/repos.ts";
import { insertSchedule } from "../../db/queries/schedules.ts";
import { upsertSnapshots } from "../../db/queries/snapshots.ts";
import { insertSourceGroup, putDailyOutcome, putTarget } from "../../db/queries/source-groups.ts";
import type { DailyOutcome } from "../../db/schema/source-groups.ts";
import { inTransaction } from "../../db/transaction.ts";
import { hashToken } from "../../server/auth/identity.ts";
import type { Credentials } from "../../server/repos/credentials.ts";
import { dueTimes, nextStart } from "../../server/schedules/due-times.ts";
import { newId } from "../../shared/ids.ts";
import type { LogStream, WarningCode } from "../../shared/jobs.ts";
import { stripDays } from "../../shared/nights.ts";
import { DEFAULT_RETENTION } from "../../shared/retention.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../shared/time/clock.ts";
import { SAMPLE_HOSTS, type SampleGroup, type SampleHost } from "./hosts.ts";

const GIB = 2 ** 30;
const gib = (amount: number) => Math.round(amount * GIB);
const MIB = 2 ** 20;
const OUTCOMES: Record<string, DailyOutcome> = { o: "ok", w: "warning", f: "failed", m: "missed", n: "none_due" };
const UNREADABLE = ["/tank/scans/.recycle/index.lock", "/tank/scans/inbox/fax.tif"];
/** Days back for which jobs and snapshots are written. */
const JOB_DAYS = 12;

export type SeededHost = {
  sample: SampleHost;
  id: string;
  agentToken: string;
  repoId: string;
  groups: { id: string; sample: SampleGroup }[];
};

export type SeedDeps = { db: Db; now: number; credentials: Credentials; userId: string };

export function seedFleet(deps: SeedDeps): SeededHost[] {
  return inTransaction(deps.db, () => SAMPLE_HOSTS.map((sample, at) => seedHost(deps, sample, at)));
}

/** More machines like the healthy ones of the fleet, named `extra-001` and so on. */
export function seedExtraHosts(deps: SeedDeps, count: number): void {
  const models = SAMPLE_HOSTS.filter((sample) => !sample.lastFailed && !sample.warnings);
  inTransaction(deps.db, () => {
    for (let at = 0; at < count; at++) {
      const model = models[at % models.length];
      if (model) seedHost(deps, { ...model, name: `extra-${String(at + 1).padStart(3, "0")}` }, at);
    }
  });
}

function seedHost(deps: SeedDeps, sample: SampleHost, at: number): SeededHost {
  const { db, now, credentials } = deps;
  const id = newId();
  const agentToken = `rm_agent_sample_${sample.name}`;
  const lastAt = now - sample.lastHoursAgo * HOUR_MS;
  insertHost(db, {
    id,
    name: sample.name,
    resticHost: sample.name,
    machineId: `machine-of-${sample.name}`,
    os: sample.os ?? "linux",
    arch: sample.arch ?? "x64",
    hostname: sample.name,
    agentVersion: "1.2.0",
    resticVersion: "0.18.1",
    protocolVersion: 1,
    timezone: "UTC",
    tags: sample.tags,
    roaming: sample.roaming ?? false,
    tokenHash: hashToken(agentToken),
    enrolledAt: now - (400 - at) * DAY_MS,
    enrolledFromIp: `10.0.2.${at + 20}`,
    lastSeenAt: now - (sample.offlineHours ?? 0) * HOUR_MS,
    capabilities: [],
    stateVersion: 7,
    appliedStateVersion: 7,
    stateErrors: [],
    lastBackupAt: lastAt,
    repoSizeBytes: gib(sample.sizeGib),
    snapshotCount: sample.snapshots,
    createdAt: now - 400 * DAY_MS,
    updatedAt: now,
  });
  const repoId = seedRepo(deps, sample, id);
  credentials.create(repoId, "everyday", {
    url: `rest:https://vault.linden.example:8000/${sample.name}/`,
    http_username: sample.name,
    http_password: `sample-${sample.name}`,
    repo_password: `sample-restic-${sample.name}`,
    env: {},
  });
  const groups = sample.groups.map((group, index) => seedGroup(deps, sample, id, repoId, group, index));
  seedSchedules(deps, id, groups);
  return { sample, id, agentToken, repoId, groups };
}

/** Every night for all groups but the third; that one later, and the first also by day, which rests. */
function seedSchedules({ db, now }: SeedDeps, hostId: string, groups: SeededHost["groups"]): void {
  const ids = groups.map(({ id }) => id);
  const [first = "", , third] = ids;
  const wanted = [
    { cron: "0 2 * * *", groupIds: ids.filter((id) => id !== third), enabled: true },
    ...(third ? [{ cron: "30 2 * * *", groupIds: [third], enabled: true }] : []),
    ...(third ? [{ cron: "0 */6 * * 1-5", groupIds: [first], enabled: false }] : []),
  ];
  for (const schedule of wanted) {
    const id = newId();
    const nextRunAt = schedule.enabled ? nextStart({ id, splayMinutes: 15, ...schedule }, "UTC", now) : null;
    const times = { nextRunAt, accountedUntil: now, createdAt: now - 400 * DAY_MS, updatedAt: now };
    insertSchedule(db, { id, hostId, timezone: null, splayMinutes: 15, ...schedule, ...times });
    linkLastRun(db, id, schedule.groupIds, dueTimes(schedule, "UTC", now - DAY_MS, now).at(-1) ?? now);
  }
}

/** The newest backup of each group was the schedule's. */
function linkLastRun(db: Db, scheduleId: string, groupIds: readonly string[], scheduledAt: number): void {
  for (const groupId of groupIds) {
    const [last] = listLastBackups(db, groupId, 1);
    if (last) changeJob(db, last.id, [last.status], { scheduleId, scheduledAt, actorKind: "schedule", actorId: null });
  }
}

function seedRepo({ db, now }: SeedDeps, sample: SampleHost, hostId: string): string {
  const id = newId();
  const unreachable = sample.offlineHours !== undefined;
  insertRepo(db, {
    id,
    hostId,
    name: "vault",
    isPrimary: true,
    kind: "rest",
    url: `rest:https://vault.linden.example:8000/${sample.name}/`,
    resticId: new Bun.CryptoHasher("sha256").update(sample.name).digest("hex"),
    formatVersion: 2,
    status: unreachable ? "failed" : "ready",
    statusCode: unreachable ? "repo_unreachable" : null,
    statusMessage: unreachable ? (sample.lastFailed?.message ?? null) : null,
    statusAt: now - 3 * HOUR_MS,
    appendOnly: sample.name === "vpn-01" ? "violated" : "proven",
    appendOnlyCheckedAt: now - 3 * HOUR_MS,
    sizeBytes: gib(sample.sizeGib),
    restoreSizeBytes: gib(sample.sizeGib * 3.1),
    fileCount: sample.groups.reduce((sum, group) => sum + group.files, 0),
    snapshotCount: sample.snapshots,
    dedupRatio: 24.9,
    compressionRatio: 1.15,
    measuredAt: now - sample.lastHoursAgo * HOUR_MS,
    snapshotsTakenAt: now - 6 * HOUR_MS,
    lockCount: sample.name === "nas-01" ? 1 : 0,
    oldestLockAt: sample.name === "nas-01" ? now - 47 * MINUTE_MS : null,
    createdAt: now - 400 * DAY_MS,
    updatedAt: now,
  });
  for (let back = 30; back >= 0; back -= 3) {
    const day = new Date(now - back * DAY_MS).toISOString().slice(0, 10);
    const sizeBytes = Math.round(sample.sizeGib * GIB * (1 - back * 0.0018 + (back % 4) * 0.0006));
    putRepoSample(db, { repoId: id, day, sizeBytes, snapshotCount: sample.snapshots, addedBytes: MIB * back });
  }
  return id;
}

function seedGroup(
  deps: SeedDeps,
  sample: SampleHost,
  hostId: string,
  repoId: string,
  group: SampleGroup,
  index: number,
) {
  const { db, now } = deps;
  const id = newId();
  insertSourceGroup(db, {
    id,
    hostId,
    name: group.name,
    tag: group.name,
    includes: group.includes,
    excludes: ["*.tmp", "**/.cache"],
    retention: group.retention ?? DEFAULT_RETENTION,
    createdAt: now - 400 * DAY_MS,
    updatedAt: now,
  });
  const days = stripDays(new Date(now).toISOString().slice(0, 10));
  for (const [at, day] of days.entries()) {
    const outcome = OUTCOMES[group.nights[at] ?? "o"] ?? "ok";
    const runs = outcome === "none_due" || outcome === "missed" ? 0 : 1;
    const warningCodes = outcome === "warning" ? (["unreadable"] as WarningCode[]) : null;
    const failed = outcome === "failed" ? 1 : 0;
    putDailyOutcome(db, { hostId, sourceGroupId: id, day, outcome, runs, failed, warningCodes });
  }
  const lastAt = now - sample.lastHoursAgo * HOUR_MS - index * 12 * MINUTE_MS;
  const failed = index === 0 ? sample.lastFailed : undefined;
  const warnings = sample.warnings ?? 0;
  const ends = Array.from({ length: JOB_DAYS }, (_, back) => back)
    .filter((back) => !["n", "m"].includes(group.nights[29 - back] ?? "o") || back === 0)
    .map((back) => ({ back, endedAt: lastAt - back * DAY_MS }));
  let lastJobId = "";
  for (const { back, endedAt } of ends.reverse()) {
    const night = group.nights[29 - back] ?? "o";
    const isFailed = back === 0 ? failed !== undefined : night === "f";
    const isWarned = back === 0 ? warnings > 0 : night === "w";
    lastJobId = seedBackup(deps, {
      hostId,
      repoId,
      groupId: id,
      group,
      endedAt,
      isFailed,
      failed,
      warnings: isWarned ? 2 : 0,
    });
  }
  putTarget(db, {
    sourceGroupId: id,
    repoId,
    lastJobId,
    lastStatus: failed ? "failed" : "succeeded",
    lastWarnings: warnings,
    lastAt,
    lastSuccessAt: failed ? lastAt - DAY_MS : lastAt,
    addedBytesMedian: 148 * MIB,
    filesMedian: group.files,
  });
  return { id, sample: group };
}

type SampleBackup = {
  hostId: string;
  repoId: string;
  groupId: string;
  group: SampleGroup;
  endedAt: number;
  isFailed: boolean;
  failed: SampleHost["lastFailed"];
  warnings: number;
};

function seedBackup({ db }: SeedDeps, backup: SampleBackup): string {
  const { hostId, repoId, groupId, group, endedAt, isFailed, failed, warnings } = backup;
  const id = newId();
  const startedAt = endedAt - group.minutes * MINUTE_MS - 12_000;
  const snapshotId = new Bun.CryptoHasher("sha256").update(id).digest("hex");
  const added = Math.round((4 + ((endedAt / HOUR_MS) % 90)) * MIB);
  insertJob(db, {
    id,
    hostId,
    repoId,
    sourceGroupId: groupId,
    kind: "backup",
    status: isFailed ? "failed" : "succeeded",
    attempt: 1,
    actorKind: "schedule",
    args: {},
    queuedAt: startedAt - 400,
    sentAt: startedAt - 300,
    acceptedAt: startedAt - 200,
    startedAt,
    finishedAt: endedAt,
    receivedAt: endedAt,
    closedBy: "agent",
    exitCode: isFailed ? 1 : warnings > 0 ? 3 : 0,
    warnings,
    warningCauses: warnings > 0 ? [{ code: "unreadable", count: warnings, paths: UNREADABLE }] : null,
    errorCode: isFailed ? (failed?.code ?? "repo_unreachable") : null,
    errorMessage: isFailed
      ? (failed?.message ?? "The repo server did not answer within 20 s. Check that it runs.")
      : null,
    resticVersion: "0.18.1",
    stats: isFailed
      ? null
      : {
          files_new: 12,
          files_changed: 41,
          files_unmodified: group.files - 53,
          total_files_processed: group.files,
          total_bytes_processed: gib(group.gib),
          data_added: added,
          data_added_packed: Math.round(added * 0.7),
          snapshot_id: snapshotId,
          ...(warnings > 0 ? { unreadable_paths: UNREADABLE } : {}),
        },
  });
  const lines = logOf(group, startedAt, isFailed, snapshotId);
  insertLogLines(db, id, lines);
  if (!isFailed)
    upsertSnapshots(db, repoId, [
      {
        snapshot_id: snapshotId,
        time: startedAt,
        hostname: SAMPLE_HOSTS.find((host) => host.groups.includes(group))?.name ?? "",
        username: "root",
        paths: group.includes,
        tags: [group.name],
        parent: null,
        program_version: "restic 0.18.1",
        size_bytes: gib(group.gib),
        file_count: group.files,
        added_bytes: added,
      },
    ]);
  return id;
}

function logOf(group: SampleGroup, startedAt: number, isFailed: boolean, snapshotId: string) {
  const texts: (readonly [LogStream, string])[] = [
    ["event", `Backing up ${group.name}: ${group.includes.join(", ")}`],
    ["event", `restic backup --tag ${group.name} --exclude-caches --files-from-verbatim includes`],
    isFailed
      ? ["stderr", "Fatal: unable to open repository"]
      : ["stdout", "repository 5c1f7b90 opened (version 2, compression level auto)"],
    isFailed ? ["event", "Failed"] : ["event", `Snapshot ${snapshotId.slice(0, 8)} saved: ${group.files} files`],
  ];
  return texts.map(
    ([stream, payload], at) => ({ seq: at + 1, ts: startedAt + at * 900, stream, payload: payload ?? "" }) as const,
  );
}

/** A few changes by people, for the audit page. */
export function seedAudit({ db, now, userId }: SeedDeps, hosts: readonly SeededHost[]): void {
  const rows = [
    ["job.backup_requested", "source_group", "photos", { joined: 0 }],
    ["source_group.updated", "source_group", "documents", { changed: ["includes", "excludes"] }],
    ["host.changed", "host", "nas-01", { changed: ["tags"] }],
    ["credential.changed", "repo", "vault", { slot: "everyday", changed: ["http_password"] }],
    ["host.archived.denied", "host", "web-02", { why: "role" }],
    ["enrollment_token.created", "enrollment_token", "win-archive", { repo_kind: "rest" }],
    ["user.signed_in", "user", "mara", {}],
  ] as const;
  for (const [at, [action, targetKind, targetName, payload]] of rows.entries())
    insertAudit(db, {
      id: newId(),
      ts: now - at * 37 * MINUTE_MS,
      actor: "user",
      userId,
      action,
      targetKind,
      targetId: hosts[at]?.id ?? null,
      targetName,
      ip: "10.0.0.4",
      payload,
    });
}
