// A server with the sample fleet, its clock stopped at Fri 20 Nov 2026 09:14, for screenshots and for tests of every page.
import { insertEnrollmentToken } from "../../db/queries/enrollment.ts";
import { updateHost } from "../../db/queries/hosts.ts";
import { findJob, insertJob, listJobs } from "../../db/queries/jobs.ts";
import { insertPendingHost } from "../../db/queries/pending-hosts.ts";
import { putSetupToken } from "../../db/queries/users.ts";
import { hashToken } from "../../server/auth/identity.ts";
import { type SocketEnd, socketHandlers } from "../../server/http/sockets.ts";
import { createCredentials } from "../../server/repos/credentials.ts";
import { createFactBus } from "../../server/runtime/facts.ts";
import { createSealer } from "../../server/runtime/seal.ts";
import { fingerprintOf } from "../../shared/fingerprint.ts";
import { newId } from "../../shared/ids.ts";
import { createRedactor } from "../../shared/redact.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../shared/time/clock.ts";
import { type Person, signInAs, startApp, type TestApp } from "../testbed/app.ts";
import type { Cleanup } from "../testbed/temp.ts";
import { until } from "../testbed/wait.ts";
import { connectSampleAgent, type SampleAgent } from "./sample-agent.ts";
import { type SeededHost, seedAudit, seedExtraHosts, seedFleet } from "./seed.ts";
import { seedMaintenance } from "./seed-maintenance.ts";

const MOMENT = Date.UTC(2026, 10, 20, 9, 14);
const GIB = 2 ** 30;

export type SampleFleet = {
  app: TestApp;
  url: string;
  admin: Person;
  /** A server without hosts, and one without users. */
  empty: { url: string; admin: Person };
  fresh: { url: string; setupToken: string };
  /** Token of a link by which jonas may set his password. */
  setupLinkToken: string;
  hosts: SeededHost[];
  /** Those that are online, by host name. */
  agents: ReadonlyMap<string, SampleAgent>;
  runningJobId: string;
  /** A machine that asks to join. */
  pendingId: string;
  waitingJobId: string;
  /** A finished job of nas-01, and the newest failed one. */
  doneJobId: string;
  failedJobId: string;
  /** A forget of nas-01, and a check of mail-01 that found errors. */
  forgetJobId: string;
  checkJobId: string;
};

/** `extraHosts` healthy machines stand beside the twelve; they are offline. */
export async function startSampleFleet(cleanup: Cleanup, { extraHosts = 0 } = {}): Promise<SampleFleet> {
  const app = await startApp(cleanup, "error", { now: () => MOMENT });
  const admin = await signInAs(app, "admin", "mara");
  const jonas = await signInAs(app, "operator", "jonas");
  const { db } = app;
  const setupLinkToken = "rm_set_sample";
  putSetupToken(db, {
    id: newId(),
    userId: jonas.userId,
    tokenHash: hashToken(setupLinkToken),
    expiresAt: MOMENT + HOUR_MS,
    createdAt: MOMENT,
  });
  const emptyApp = await startApp(cleanup, "error", { now: () => MOMENT });
  const empty = { admin: await signInAs(emptyApp, "admin", "mara"), url: listen(emptyApp, cleanup) };
  const freshApp = await startApp(cleanup, "error", { now: () => MOMENT });
  const fresh = { setupToken: freshApp.wired.firstRun.token() ?? "", url: listen(freshApp, cleanup) };
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const credentials = createCredentials({
    db,
    clock: app.clock,
    sealer: createSealer(Buffer.alloc(32, 1)),
    redactor: createRedactor(),
    bus: createFactBus(log as never),
  });
  const deps = { db, now: MOMENT, credentials, userId: admin.userId };
  const hosts = seedFleet(deps);
  seedExtraHosts(deps, extraHosts);
  const maintained = seedMaintenance(deps, hosts);
  seedAudit(deps, hosts);
  seedTokens(app, admin.userId);
  const pendingId = seedPending(app);
  // Its new machine has come; its data are being restored.
  updateHost(db, hosts.find(({ sample }) => sample.name === "vpn-01")?.id ?? "", {
    schedulesPaused: true,
    replacedAt: MOMENT - 40 * MINUTE_MS,
  });
  const jobs = seedOpenJobs(app, hosts, admin.userId);
  const url = listen(app, cleanup);
  const agents = await connectAll(app, url, hosts, jobs.runningJobId, cleanup);
  const newest = (name: string, status: "succeeded" | "failed") => {
    const host = hosts.find(({ sample }) => sample.name === name);
    return listJobs(db, { host_id: host?.id, status, kind: "backup" }, 1, 0)[0]?.id ?? "";
  };
  return {
    pendingId,
    app,
    url,
    admin,
    empty,
    fresh,
    setupLinkToken,
    hosts,
    agents,
    ...jobs,
    ...maintained,
    doneJobId: newest("laptop-anna", "succeeded"),
    failedJobId: newest("db-01", "failed"),
  };
}

function listen(app: TestApp, cleanup: Cleanup): string {
  const handlers = socketHandlers((error) => console.error(error));
  const server = Bun.serve<SocketEnd>({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request, server) =>
      app.wired.app.fetch(request, {
        ip: server.requestIP(request)?.address ?? "",
        upgrade: (raw: Request, data: unknown) => server.upgrade(raw, { data: data as SocketEnd }),
      }),
    websocket: handlers,
  });
  cleanup.add(() => server.stop(true));
  return `http://127.0.0.1:${server.port}`;
}

function seedTokens({ db }: TestApp, createdBy: string): void {
  for (const [hostName, minutesLeft] of [
    ["win-archive", 44],
    ["pi-garage", 4],
  ] as const)
    insertEnrollmentToken(db, {
      id: newId(),
      tokenHash: hashToken(`sample ${hostName}`),
      hostName,
      repoUrl: `rest:https://vault.linden.example:8000/${hostName}/`,
      includes: ["/etc", "/home"],
      tags: [],
      backupNow: true,
      lifetimeMs: HOUR_MS,
      expiresAt: MOMENT + minutesLeft * MINUTE_MS,
      createdBy,
      createdAt: MOMENT - (60 - minutesLeft) * MINUTE_MS,
    });
}

/** A machine that announced itself and has proven its key; and one whose name a host has already. */
function seedPending({ db }: TestApp): string {
  const common = { arch: "x64", timezone: "Europe/Berlin", agentVersion: "0.1.0", protocolVersion: 1 } as const;
  const ids = [
    { hostName: "print-01", os: "linux", minutesAgo: 2, ip: "10.0.4.61" },
    { hostName: "web-01", os: "linux", minutesAgo: 31, ip: "10.0.4.77" },
  ].map(({ hostName, minutesAgo, ip }) => {
    const id = newId();
    const publicKey = Buffer.from(`sample key of ${hostName}`.padEnd(32, ".")).toString("base64url");
    insertPendingHost(db, {
      id,
      hostName,
      publicKey,
      fingerprint: fingerprintOf(publicKey),
      machineId: newId(),
      os: "linux",
      agentTokenHash: hashToken(`sample ${id}`),
      announcedFromIp: ip,
      lastSeenAt: MOMENT,
      createdAt: MOMENT - minutesAgo * MINUTE_MS,
      expiresAt: MOMENT + (60 - minutesAgo) * MINUTE_MS,
      ...common,
    });
    return id;
  });
  return ids[0] ?? "";
}

/** One job that runs on nas-01, one that waits for nas-02. */
function seedOpenJobs({ db }: TestApp, hosts: readonly SeededHost[], userId: string) {
  const make = (hostName: string, groupName: string, changes: Partial<Parameters<typeof insertJob>[1]>) => {
    const host = hosts.find(({ sample }) => sample.name === hostName);
    const group = host?.groups.find(({ sample }) => sample.name === groupName);
    if (!host || !group) throw new Error(`the sample fleet has no ${groupName} on ${hostName}`);
    const id = newId();
    insertJob(db, {
      id,
      hostId: host.id,
      repoId: host.repoId,
      sourceGroupId: group.id,
      kind: "backup",
      status: "queued",
      attempt: 1,
      actorKind: "user",
      actorId: userId,
      args: {},
      queuedAt: MOMENT - 48 * MINUTE_MS,
      expiresAt: MOMENT + 3 * DAY_MS,
      ...changes,
    });
    return id;
  };
  const startedAt = MOMENT - 47 * MINUTE_MS - 9_000;
  const runningJobId = make("nas-01", "photos", {
    status: "running",
    sentAt: startedAt,
    acceptedAt: startedAt,
    startedAt,
    resticVersion: "0.18.1",
  });
  const waitingJobId = make("nas-02", "scans", { queuedAt: MOMENT - 5 * MINUTE_MS });
  return { runningJobId, waitingJobId };
}

async function connectAll(
  app: TestApp,
  url: string,
  hosts: readonly SeededHost[],
  runningJobId: string,
  cleanup: Cleanup,
) {
  const running = findJob(app.db, runningJobId);
  const agents = new Map<string, SampleAgent>();
  for (const host of hosts) {
    const { sample } = host;
    if (sample.offlineHours !== undefined || !running) continue;
    const fields = {
      job_id: running.id,
      kind: running.kind,
      repo_id: running.repoId,
      source_group_id: running.sourceGroupId,
      schedule_id: null,
      attempt: 1,
      actor_kind: running.actorKind,
      scheduled_at: null,
      queued_at: running.queuedAt,
    };
    const agent = connectSampleAgent({
      url,
      token: host.agentToken,
      now: MOMENT,
      hello: {
        protocol_version: 1,
        agent_version: "1.2.0",
        restic_version: "0.18.1",
        os: sample.os ?? "linux",
        arch: sample.arch ?? "x64",
        hostname: sample.name,
        timezone: "UTC",
        machine_id: `machine-of-${sample.name}`,
        applied_state_version: 7,
        applied_state_digest: null,
        capabilities: [],
        outbox_last_seq: 0,
        ...(sample.unitVersion === undefined ? {} : { unit_version: sample.unitVersion }),
        open_jobs: host.id === running.hostId ? [{ ...fields, status: "running" }] : [],
      },
    });
    cleanup.add(() => agent.close());
    agents.set(sample.name, agent);
    await agent.ready;
    if (host.id !== running.hostId) continue;
    agent.send("job.progress", {
      job_id: running.id,
      percent_done: 0.414,
      files_done: 31_847,
      total_files: 76_931,
      bytes_done: Math.round(170.7 * GIB),
      total_bytes: Math.round(412.3 * GIB),
      eta_seconds: 4020,
      throughput_bps: Math.round(61.8 * 2 ** 20),
      current_files: ["/tank2/photos/2019/2019-08 Dolomites/IMG_4821.CR3"],
      phase: "backup",
    });
    agent.send("log.stream", { job_id: running.id, lines: runningLog(running.startedAt ?? MOMENT) }, 1);
    await until(() => (findJob(app.db, running.id)?.logLines ?? 0) > 0, { what: "the running job's log" });
  }
  return agents;
}

function runningLog(startedAt: number) {
  const texts = [
    ["event", "Backing up photos into vault: /tank2/photos"],
    ["event", "pre-hook: zfs snapshot tank2/photos@rm (exit code 0, 0.4 s)"],
    ["event", "restic backup --tag photos --host nas-01 --exclude-caches --files-from-verbatim includes"],
    ["stdout", "repository 5c1f7b90 opened (version 2, compression level auto)"],
    ["stdout", "no parent snapshot found, will read all files"],
    ["stdout", "start scan on [/tank2/photos]"],
    ["stdout", "scan finished in 41.203s: 76931 files, 412.304 GiB"],
    ["stderr", "error: open /tank2/photos/.recycle/index.lock: permission denied"],
    ["event", "1 file could not be read; the backup goes on and will end with warnings"],
  ] as const;
  const files = Array.from(
    { length: 24 },
    (_, at) =>
      [
        "stdout",
        `new       /tank2/photos/2019/2019-08 Dolomites/IMG_48${at + 10}.CR3, saved in 0.302s (26.118 MiB added)`,
      ] as const,
  );
  return [...texts, ...files].map(([stream, payload], at) => ({
    seq: at + 1,
    ts: startedAt + at * 1100,
    stream,
    payload,
  }));
}
