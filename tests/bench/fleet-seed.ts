// Writes a fleet of enrolled hosts directly to the database of a stopped server, because REST would take minutes for thousands.
import { join } from "node:path";
import { migrate } from "../../db/migrate.ts";
import { migrations } from "../../db/migrations.ts";
import { asDrizzle, type Db, openSqlite } from "../../db/open.ts";
import { insertHost } from "../../db/queries/hosts.ts";
import { insertRepo } from "../../db/queries/repos.ts";
import { insertSchedule } from "../../db/queries/schedules.ts";
import { insertSourceGroup, putTarget } from "../../db/queries/source-groups.ts";
import { inTransaction } from "../../db/transaction.ts";
import { hashToken, newToken } from "../../server/auth/identity.ts";
import { createCredentials } from "../../server/repos/credentials.ts";
import { readConfig } from "../../server/runtime/config.ts";
import { createFactBus } from "../../server/runtime/facts.ts";
import { createSealer } from "../../server/runtime/seal.ts";
import { loadSecretKey } from "../../server/runtime/secret-key.ts";
import { nextStart } from "../../server/schedules/due-times.ts";
import { newId } from "../../shared/ids.ts";
import { createLog } from "../../shared/log.ts";
import { createRedactor } from "../../shared/redact.ts";
import { DAY_MS, HOUR_MS, systemClock } from "../../shared/time/clock.ts";
import type { Identity } from "../testbed/hosts.ts";

const NIGHTS = 14;
const SAMPLE_EVERY_DAYS = 3;
const SAMPLE_DAYS = 30;
const GIB = 2 ** 30;

/** Opens the data folder of a server that does not run, does the work in one transaction, and closes it again. */
export async function withDatabase<T>(dataDir: string, work: (db: Db) => T): Promise<T> {
  const path = join(dataDir, "restic-manager.db");
  const sqlite = openSqlite(path);
  try {
    await migrate(sqlite, path, migrations);
    return work(asDrizzle(sqlite));
  } finally {
    sqlite.run("PRAGMA wal_checkpoint(TRUNCATE)");
    sqlite.close();
  }
}

/** Each host with a ready repo, a group, its nights and its sizes, as after a month of use. */
export async function seedFleet(dataDir: string, count: number): Promise<Identity[]> {
  const read = readConfig({ RM_DATA_DIR: dataDir }, false);
  if (!read.ok) throw new Error(read.errors.join("\n"));
  const key = loadSecretKey(read.config, true);
  if (!key.ok) throw new Error(key.message);
  const sealer = createSealer(key.key);
  return await withDatabase(dataDir, (db) => {
    const redactor = createRedactor();
    const log = createLog({ level: "error", format: "text", clock: systemClock, redactor, write: () => undefined });
    const bus = createFactBus(log);
    const credentials = createCredentials({ db, clock: systemClock, sealer, redactor, bus });
    return inTransaction(db, () =>
      Array.from({ length: count }, (_, at) => {
        const identity = seedHost(db, at);
        credentials.create(identity.repoId, "everyday", {
          url: `rest:http://127.0.0.1:9/${at}/`,
          http_username: `host-${at}`,
          http_password: newToken(),
          repo_password: newToken(),
          env: {},
        });
        return identity;
      }),
    );
  });
}

function seedHost(db: Db, at: number): Identity {
  const now = Date.now();
  const identity: Identity = {
    token: `rm_agent_of_the_benchmark_${newId()}`,
    hostId: newId(),
    machineId: newId(),
    groupId: newId(),
    repoId: newId(),
    scheduleId: newId(),
  };
  const { hostId, groupId, repoId } = identity;
  const name = `host-${String(at).padStart(5, "0")}`;
  const common = { createdAt: now - 30 * DAY_MS, updatedAt: now };
  const sizeBytes = Math.round((5 + (at % 400)) * GIB);
  insertHost(db, {
    id: hostId,
    name,
    resticHost: name,
    machineId: identity.machineId,
    os: "linux",
    arch: "x64",
    hostname: "simulated",
    agentVersion: "0.1.0",
    resticVersion: "0.19.1",
    protocolVersion: 1,
    timezone: "UTC",
    tags: [["web", "database", "office"][at % 3] ?? "web"],
    roaming: false,
    tokenHash: hashToken(identity.token),
    enrolledAt: common.createdAt,
    capabilities: [],
    stateVersion: 1,
    stateErrors: [],
    lastBackupAt: now - HOUR_MS,
    repoSizeBytes: sizeBytes,
    snapshotCount: NIGHTS,
    ...common,
  });
  insertRepo(db, {
    id: repoId,
    hostId,
    name: "primary",
    isPrimary: true,
    kind: "rest",
    url: `rest:http://127.0.0.1:9/${at}/`,
    resticId: new Bun.CryptoHasher("sha256").update(repoId).digest("hex"),
    formatVersion: 2,
    status: "ready",
    statusAt: now - DAY_MS,
    appendOnly: "proven",
    sizeBytes,
    snapshotCount: NIGHTS,
    ...common,
  });
  insertSourceGroup(db, {
    id: groupId,
    hostId,
    name: "default",
    tag: "default",
    includes: ["/etc", "/home", "/srv"],
    excludes: ["*.tmp", "**/.cache"],
    retention: { keep_within: "14d" },
    ...common,
  });
  const schedule = {
    id: identity.scheduleId,
    hostId,
    cron: "0 2 * * *",
    timezone: null,
    splayMinutes: 120,
    enabled: true,
  };
  const timing = { nextRunAt: nextStart(schedule, "UTC", now), accountedUntil: now };
  insertSchedule(db, { ...schedule, ...timing, groupIds: [groupId], ...common });
  putTarget(db, {
    sourceGroupId: groupId,
    repoId,
    lastJobId: null,
    lastStatus: at % 25 === 0 ? "failed" : "succeeded",
    lastWarnings: 0,
    lastAt: now - HOUR_MS,
    lastSuccessAt: now - HOUR_MS,
    addedBytesMedian: 1_000_000,
    filesMedian: 10_000,
  });
  seedPast(db, identity, at, sizeBytes);
  return identity;
}

/** Prepared by hand: for thousands of hosts these are more than a hundred thousand rows. */
function seedPast(db: Db, { hostId, groupId, repoId }: Identity, at: number, sizeBytes: number): void {
  const now = Date.now();
  const dayOf = (back: number) => new Date(now - back * DAY_MS).toISOString().slice(0, 10);
  const night = db.$client.query(
    "INSERT INTO daily_outcomes (host_id, source_group_id, day, outcome, runs, failed) VALUES (?, ?, ?, ?, 1, ?)",
  );
  for (let back = 0; back < NIGHTS; back++) {
    const hasFailed = (at + back) % 25 === 0;
    night.run(hostId, groupId, dayOf(back), hasFailed ? "failed" : "ok", hasFailed ? 1 : 0);
  }
  const sample = db.$client.query(
    "INSERT INTO repo_samples (repo_id, day, size_bytes, snapshot_count, added_bytes) VALUES (?, ?, ?, ?, ?)",
  );
  for (let back = 0; back < SAMPLE_DAYS; back += SAMPLE_EVERY_DAYS)
    sample.run(repoId, dayOf(back), sizeBytes, NIGHTS, 1_000_000);
}
