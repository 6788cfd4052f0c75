/** The agent's wiring: everything that `run` needs, created, started and stopped. */
import { mkdirSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Log } from "../shared/log.ts";
import type { ToAgentPayload } from "../shared/protocol/to-agent.ts";
import type { ToServerPayload } from "../shared/protocol/to-server.ts";
import { PROTOCOL_VERSION } from "../shared/protocol/version.ts";
import type { Redactor } from "../shared/redact.ts";
import { isDiskTrouble } from "../shared/sqlite-errors.ts";
import { type Clock, MINUTE_MS } from "../shared/time/clock.ts";
import { PRODUCT_VERSION } from "../shared/version.ts";
import { type AgentConfig, type AgentEnvironment, makeFolders } from "./config.ts";
import { createFollowUps } from "./jobs/follow-ups.ts";
import type { HandlerDeps } from "./jobs/handlers/handler.ts";
import { createSourceMemory } from "./jobs/handlers/source-memory.ts";
import { createHooks } from "./jobs/hooks.ts";
import { createJobLog } from "./jobs/log.ts";
import { createPendingHooks } from "./jobs/pending-hooks.ts";
import { createQueue } from "./jobs/queue.ts";
import { recoverJobs } from "./jobs/recovery.ts";
import { createJobRunner } from "./jobs/runner.ts";
import { createTreeReader } from "./jobs/tree-reader.ts";
import { type Connection, createConnection } from "./link/connection.ts";
import { createDispatcher } from "./link/dispatcher.ts";
import { proxyFor } from "./link/proxy.ts";
import { fetchRestic } from "./link/server-files.ts";
import { createTrust } from "./link/trust.ts";
import { PLATFORM } from "./machine/platform.ts";
import { runningUnit } from "./machine/service-unit.ts";
import { hostName, machineZone, timeZone, vitals } from "./machine/sysinfo.ts";
import { createOutbox } from "./outbox/outbox.ts";
import { createResticFinder } from "./restic/binary.ts";
import { createOutside, type Outside } from "./restic/outside.ts";
import { proveAppendOnly, reach } from "./restic/reach.ts";
import { createRestic } from "./restic/restic.ts";
import { runProcess } from "./restic/run.ts";
import { roamingObstacle } from "./schedule/roaming.ts";
import { createScheduler } from "./schedule/scheduler.ts";
import { createDesiredState } from "./state/desired-state.ts";
import { createStatusFile, ownIdentity } from "./state/status-file.ts";
import type { JobFinished } from "./store/job-rows.ts";
import { openAgentDb } from "./store/open.ts";
import { createStore } from "./store/store.ts";
import { TIMINGS, type Timings } from "./timings.ts";
import { createUpkeep, REMEMBER_JOBS_MS } from "./upkeep.ts";
import { clip } from "./words.ts";

export type AgentOptions = {
  environment: AgentEnvironment;
  config: AgentConfig;
  redactor: Redactor;
  clock: Clock;
  log: Log;
  timings?: Timings;
  /** The agent cannot continue in this process; the reason has been logged. The caller exits, and the service manager restarts it. */
  fatal(error: unknown): void;
};

export type Agent = {
  connection: Connection;
  /** Ends running jobs, keeps waiting ones for the next start, and closes everything. */
  stop(): Promise<void>;
};

/** Opens the state, ends jobs that a crash interrupted, and connects. @throws when the state cannot be opened. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { environment, config, redactor, clock, log, timings = TIMINGS } = options;
  makeFolders(environment);
  const tempFolder = emptyFolder(join(environment.stateFolder, "tmp"));
  const opened = openAgentDb(environment.stateFolder, clock.now());
  const { problem } = machineZone(environment.timezone);
  if (problem !== null) log.warn("TZ is ignored", { problem });
  if (opened.setAside) log.error("agent.db is damaged and was moved aside", { moved_to: opened.setAside });
  const store = createStore(opened.db);
  const outbox = createOutbox({ store, clock, log, writeAgainMs: timings.writeAgainMs });
  const trust = createTrust(config.server, config.trust);

  const state = createDesiredState({
    store,
    stateFolder: environment.stateFolder,
    secretsKey: config.secrets_key,
    allowedEnv: config.allow_env,
    os: PLATFORM.os,
    redactor,
    log,
    now: clock.now(),
  });
  const finder = createResticFinder({
    configuredPath: config.restic_path,
    binFolder: environment.binFolder,
    childBase: environment.childBase,
    serversCopy: config.allow_update ? { may: "be_fetched", fetch: fetchServersCopy } : { may: "not_be_fetched" },
    clock,
    log,
  });
  const outside = createOutside({
    allowed: config.allow_outside,
    path: environment.childBase.PATH ?? "",
    program: process.execPath,
  });
  const writeWhenPossible = (work: () => void) => void outbox.put([], work);
  const hooks = createHooks({
    store,
    writeWhenPossible,
    state,
    allowed: config.allow_hooks,
    outside,
    os: PLATFORM.os,
    childBase: environment.childBase,
    limitMs: timings.hookMs,
    killAfterMs: timings.killAfterMs,
    log,
  });
  const pendingHooks = createPendingHooks({
    hooks,
    state,
    logOf: (jobId) =>
      createJobLog({
        lastLine: store.jobs.find(jobId)?.lastLine ?? 0,
        write: (lines) => outbox.putLines(jobId, lines),
        redactor,
        clock,
        flushMs: timings.logFlushMs,
      }),
    log,
  });
  const restic = createRestic({
    finder,
    childBase: environment.childBase,
    cacheFolder: join(environment.cacheFolder, "restic"),
    tempFolder,
    lowPriority: config.low_priority,
    killAfterMs: timings.killAfterMs,
    outside: outside.unitFor,
  });
  const askReach: HandlerDeps["reach"] = (access, signal) =>
    reach(access, timings.reachMs, proxyFor("https://repository.invalid", environment.proxy) !== null, signal);
  const runner = createJobRunner({
    store,
    outbox,
    state,
    restic,
    finder,
    handlerDeps: {
      clock,
      state,
      hooks,
      sourceMemory: createSourceMemory(store.notes, writeWhenPossible),
      platform: PLATFORM,
      hostZone: () => timeZone(environment.timezone),
      reach: askReach,
      proveAppendOnly: (access, signal) => proveAppendOnly(access, timings.reachMs, signal),
      probeAgainMs: timings.probeAgainMs,
      lockWait: timings.lockWait,
      tempFolder,
      ownFolders: ownFolders(environment),
      maxUploadKbps: config.max_upload_kbps,
    },
    sendProgress: (progress) => void connection.send("job.progress", progress),
    ended: noteEnd,
    redactor,
    clock,
    log,
    timings,
  });
  const followUps = createFollowUps({ store, outbox, state, restic, reach: askReach, clock, log });
  const statusFile = createStatusFile(environment.stateFolder);
  const queue = createQueue({
    store,
    outbox,
    runner,
    followUps,
    clock,
    serverNow: () => clock.now() + connection.skewMs(),
    pendingHooks: pendingHooks.run,
    refuseBusy: (jobId) =>
      void connection.send("error", { code: "busy", message: "Another job is running on this host" }, jobId),
    fatal(error) {
      log.error("Jobs can no longer be recorded in agent.db: the agent stops and must be restarted", {
        error: inFull(error),
      });
      options.fatal(error);
    },
    changed: writeStatus,
    log,
  });
  const scheduler = createScheduler({
    store,
    state,
    queue,
    clock,
    hostZone: () => timeZone(environment.timezone),
    roamingObstacle: () => roamingObstacle(environment.childBase.PATH ?? ""),
    log,
    everyMs: timings.scheduleEveryMs,
  });
  const dispatcher = createDispatcher({
    outbox,
    queue,
    state,
    readTree: createTreeReader({ state, restic, redactor, timeoutMs: timings.treeListMs }),
    send: {
      stateAck: (ack) => void connection.send("state.ack", ack),
      treePage: (page, id) => void connection.send("tree.list.result", page, id),
      error: (code, message, id) => void connection.send("error", { code, message: clip(message, 1000) }, id),
    },
    now: () => clock.now(),
    log,
  });
  const connection = createConnection({
    target: { server: config.server, path: "/ws/agent", token: config.agent_token, trust, proxy: environment.proxy },
    events: {
      hello,
      heartbeat: () => {
        writeStatus();
        rememberSkew();
        return {
          running_job_ids: queue.runningIds(),
          queued_jobs: queue.queuedCount(),
          outbox_pending: outbox.pending(),
          ...vitals(environment.stateFolder),
        };
      },
      welcomed,
      received: (message) => {
        dispatcher.received(message);
        if (message.type !== "state.set") return;
        scheduler.stateChanged();
        writeStatus();
      },
      garbled: (frame, field) => dispatcher.garbled(frame, field),
      ended: ({ serverError }) => {
        outbox.detach();
        if (serverError === "revoked") store.notes.set("revoked", "");
        writeStatus();
      },
    },
    skewMs: Number(store.notes.find("server_skew_ms") ?? 0),
    clock,
    log,
    timings,
  });
  const unit = runningUnit(environment.unitVersion);
  /** Server version for which our copy of restic was last compared with the server's. */
  let refreshedFor: string | null = null;
  const upkeep = createUpkeep({ store, state, followUps, queue, finder, clock, log, everyMs: timings.upkeepEveryMs });

  const waiting = recoverJobs({ store, outbox, ended: noteEnd, clock, log });
  await finder.search();
  await endLeftUnits(outside);
  queue.start(waiting);
  scheduler.start();
  upkeep.start();
  connection.start();
  writeStatus();
  return { connection, stop };

  /** A retry that cannot be planned must not keep the job's end from being written. */
  function noteEnd(end: JobFinished): void {
    try {
      scheduler.noteEnd(end);
    } catch (error) {
      if (isDiskTrouble(error)) throw error;
      log.error("Could not plan a retry of this job", { job: end.job_id, error: inFull(error) });
    }
  }

  /** Expiry is judged by the server's clock, even before the next connection. */
  function rememberSkew(): void {
    const known = Number(store.notes.find("server_skew_ms") ?? 0);
    if (Math.abs(connection.skewMs() - known) < MINUTE_MS) return;
    try {
      store.notes.set("server_skew_ms", String(connection.skewMs()));
    } catch (error) {
      if (!isDiskTrouble(error)) throw error;
    }
  }

  /** Only keys from enrolment count: with a later key, whoever controls the server could choose what runs as root. */
  function fetchServersCopy(path: string): Promise<string | null> {
    const from = { server: config.server, trust, keys: config.update_keys, timeoutMs: timings.fetchResticMs };
    return fetchRestic(from, path);
  }

  async function stop(): Promise<void> {
    upkeep.stop();
    scheduler.stop();
    pendingHooks.stop();
    await queue.stop();
    connection.stop();
    outbox.close();
    store.close();
    statusFile.remove();
  }

  function hello(): ToServerPayload<"hello"> {
    return {
      protocol_version: PROTOCOL_VERSION,
      agent_version: PRODUCT_VERSION,
      restic_version: finder.known()?.version ?? null,
      ...PLATFORM,
      hostname: hostName(),
      timezone: timeZone(environment.timezone),
      machine_id: config.machine_id,
      applied_state_version: state.version(),
      applied_state_digest: state.digest(),
      capabilities: ["tree_list", ...(outside.possible ? ["local_repo"] : []), ...(hooks.allowed ? ["hooks"] : [])],
      outbox_last_seq: outbox.lastSeq(),
      open_jobs: queue.openJobs(),
      ...(unit === null ? {} : { unit_version: unit }),
    };
  }

  function welcomed(welcome: ToAgentPayload<"welcome">, sendFrame: (frame: string) => void): void {
    const before = store.notes.find("server_state_id");
    if (before !== welcome.server_state_id) {
      if (before !== null) reportAgain();
      store.notes.set("server_state_id", welcome.server_state_id);
    }
    store.notes.delete("revoked");
    outbox.attach(sendFrame);
    writeStatus();
    if (welcome.server_version !== refreshedFor) void finder.refresh();
    refreshedFor = welcome.server_version;
  }

  /** The server was restored from an older copy: report again how jobs ended and which snapshots exist. */
  function reportAgain(): void {
    log.warn("The server's database has been replaced: reporting recent jobs again");
    const ends = store.jobs.listFinishedSince(clock.now() - REMEMBER_JOBS_MS);
    outbox.put(
      ends.map((payload) => ({ type: "job.finished", payload })),
      () => {
        for (const repoId of state.repoIds()) store.notes.set(`snapshots_due:${repoId}`, "all");
      },
    );
    followUps.wake();
    queue.nudge();
  }

  function writeStatus(): void {
    const known = finder.known();
    statusFile.write({
      ...ownIdentity(),
      connected: connection.state() === "connected",
      problem: connection.problem(),
      agent_version: PRODUCT_VERSION,
      restic_version: known?.version ?? null,
      state_version: state.version(),
      runs_owed_hook: queue.runsPendingHooks(),
      skew_ms: connection.skewMs(),
    });
  }
}

/** Processes outside the sandbox survive an agent that was killed. */
async function endLeftUnits({ sweep }: Outside): Promise<void> {
  if (sweep === null) return;
  const quiet = { onStdout: () => {}, onStderr: () => {}, env: {}, lowPriority: false, killAfterMs: 1000 };
  await runProcess({ ...quiet, command: sweep, signal: AbortSignal.timeout(20_000) });
}

function inFull(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function ownFolders(environment: AgentEnvironment): string[] {
  const restores = PLATFORM.os === "windows" ? join(environment.stateFolder, "restore") : join(homedir(), "rm-restore");
  return [environment.stateFolder, environment.cacheFolder, restores];
}

function emptyFolder(path: string): string {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
}
