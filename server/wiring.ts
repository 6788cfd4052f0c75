/** The one place where features meet: makes each with what it needs, and says who hears which fact. */
import { join } from "node:path";
import type { Db } from "../db/open.ts";
import type { Clock } from "../shared/clock.ts";
import type { Log } from "../shared/log.ts";
import { CLOSE } from "../shared/protocol/version.ts";
import type { Redactor } from "../shared/redact.ts";
import { openBundle } from "./agent-updates/bundle.ts";
import { downloadRoutes } from "./agent-updates/routes.ts";
import { loadSigner } from "./agent-updates/signing.ts";
import { createCatchUp } from "./agents/catch-up.ts";
import { createHub } from "./agents/hub.ts";
import { createInbound, type Inbound } from "./agents/inbound.ts";
import { createIntake } from "./agents/intake.ts";
import { createRpc } from "./agents/rpc.ts";
import { serverStateId } from "./agents/server-state.ts";
import { createAgentSockets } from "./agents/socket.ts";
import { apiDocsRoutes } from "./api-docs/routes.tsx";
import { type App, createApp } from "./app.ts";
import { auditDenied } from "./audit/denied.ts";
import { auditRoutes } from "./audit/routes.ts";
import { createFailedSignIns } from "./auth/failed-sign-ins.ts";
import { createFirstRun, type FirstRun } from "./auth/first-run.ts";
import { createPasswordWork } from "./auth/passwords.ts";
import { authRoutes } from "./auth/routes.ts";
import { createSessionStore, sessionTicks } from "./auth/sessions.ts";
import { createSignIn } from "./auth/sign-in.ts";
import { createFleet } from "./dashboard/fleet.ts";
import { dashboardRoutes } from "./dashboard/routes.ts";
import { createDesiredStates } from "./desired-state/states.ts";
import { createStateSync } from "./desired-state/sync.ts";
import { createAnnouncements } from "./enrollment/announcements.ts";
import { createAnswers, createEnroll } from "./enrollment/enroll.ts";
import { selfSignedPin } from "./enrollment/own-certificate.ts";
import { createPendingSockets } from "./enrollment/pending-socket.ts";
import { enrollmentRoutes } from "./enrollment/routes.ts";
import { createEnrollmentTokens } from "./enrollment/tokens.ts";
import { createHosts } from "./hosts/hosts.ts";
import { createPresence } from "./hosts/presence.ts";
import { hostRoutes } from "./hosts/routes.ts";
import { buildAssets } from "./http/assets.ts";
import { createOriginReader } from "./http/client-origin.ts";
import { healthRoutes } from "./http/health.ts";
import type { Route } from "./http/routes.ts";
import { createCancel } from "./jobs/cancel.ts";
import { createDayCloser } from "./jobs/close-days.ts";
import { createJobMaker } from "./jobs/create.ts";
import { createDispatcher } from "./jobs/dispatch.ts";
import { createJobIngest } from "./jobs/ingest.ts";
import { createJobCredential } from "./jobs/job-credential.ts";
import { createOrders } from "./jobs/orders.ts";
import { judgeAgain } from "./jobs/outcomes.ts";
import { createOwnership } from "./jobs/ownership.ts";
import { createReadiness } from "./jobs/readiness.ts";
import { createReconciler } from "./jobs/reconcile.ts";
import { jobRoutes } from "./jobs/routes.ts";
import { createLiveJobs } from "./jobs/stream.ts";
import { isOutdatedTrial } from "./jobs/trials.ts";
import { createMaintenanceAgenda } from "./maintenance/agenda.ts";
import { createForgetPlanner } from "./maintenance/forget-plan.ts";
import { createHeavyLimit } from "./maintenance/heavy-limit.ts";
import { createMaintenance, maintenanceTicks } from "./maintenance/maintenance.ts";
import { createPlannedRemovals } from "./maintenance/planned-removals.ts";
import { createReinit } from "./maintenance/reinit.ts";
import { createMaintenanceResults } from "./maintenance/results.ts";
import { maintenanceRoutes } from "./maintenance/routes.ts";
import { createMaintenanceSettings } from "./maintenance/settings.ts";
import { createMaintenanceSurvey } from "./maintenance/survey.ts";
import { createPages } from "./pages.tsx";
import { createCredentials } from "./repos/credentials.ts";
import { createRepoIngest } from "./repos/ingest.ts";
import { createRepos } from "./repos/repos.ts";
import { repoRoutes } from "./repos/routes.ts";
import type { Config } from "./runtime/config.ts";
import { SIGNING_KEY_FILE } from "./runtime/data-files.ts";
import { createFactBus } from "./runtime/facts.ts";
import type { Sealer } from "./runtime/seal.ts";
import { createStorage } from "./runtime/storage.ts";
import { startTicker, type Tick } from "./runtime/ticker.ts";
import { createDueAccounting } from "./schedules/accounting.ts";
import { createSkipIngest } from "./schedules/ingest.ts";
import { scheduleRoutes } from "./schedules/routes.ts";
import { createSchedules } from "./schedules/schedules.ts";
import { createSnapshotIngest } from "./snapshots/ingest.ts";
import { snapshotRoutes } from "./snapshots/routes.ts";
import { createSourceGroups } from "./source-groups/groups.ts";
import { createRetentionHolds } from "./source-groups/holds.ts";
import { createHooks } from "./source-groups/hooks.ts";
import { sourceGroupRoutes } from "./source-groups/routes.ts";
import { createUpkeep } from "./upkeep/upkeep.ts";
import { createAccounts } from "./users/accounts.ts";

export type ServerParts = { db: Db; config: Config; clock: Clock; log: Log; sealer: Sealer; redactor: Redactor };

export type WiredServer = {
  app: App;
  routes: readonly Route[];
  firstRun: FirstRun;
  /** What the ticker runs; a test that moves the clock runs it by hand. */
  ticks: readonly Tick[];
  /** Tells agents and stores what is on its way; the database may be closed afterwards. */
  drain(): void;
};

export async function wire(
  { db, config, clock, log, sealer, redactor }: ServerParts,
  { dev = false, checkAnswers = false } = {},
): Promise<WiredServer> {
  let draining = false;
  const isDraining = () => draining;
  const startedAt = clock.now();
  const bus = createFactBus(log);
  const hub = createHub();
  const world = { db, clock, log, hub, bus };
  const rpc = createRpc({ hub });
  const assets = await buildAssets({ dev });
  const signer = await loadSigner(join(config.dataDir, SIGNING_KEY_FILE));
  const bundle = openBundle([config.distDir, join(config.dataDir, "dist")], log);

  const sessions = createSessionStore({ db, clock, sealer });
  const passwords = createPasswordWork();
  const failedSignIns = createFailedSignIns({ db, clock, log });
  const signIn = createSignIn({ db, clock, sessions, bus, log, passwords, failed: failedSignIns });
  const firstRun = createFirstRun({ db, clock, sessions, passwords });
  const accounts = createAccounts({ db, clock, sessions, bus, passwords });
  const presence = createPresence(world);
  const { lastSeenAt } = presence;
  const dues = createDueAccounting({ db, clock, log });
  const hosts = createHosts({ db, clock, hub, bus, dues });
  const credentials = createCredentials({ db, clock, sealer, redactor, bus });
  const checkSize = (hostId: string) => states.checkSize(hostId);
  const hooks = createHooks({ db, clock, bus, sealer, checkStateSize: checkSize });
  const repos = createRepos({ db, clock, bus, credentials });
  const states = createDesiredStates({ db, sealer, credentials, hooks, updateKeys: signer.publicKeys });
  const sync = createStateSync({ ...world, states });
  const groups = createSourceGroups({ db, clock, bus, checkStateSize: checkSize });
  const holds = createRetentionHolds({ db, clock, bus });
  const schedules = createSchedules({ db, clock, bus, accounting: dues, checkStateSize: checkSize });
  const skipIngest = createSkipIngest({ db, clock, bus, judgeAgain: (groupId, at) => judgeAgain(db, groupId, at) });

  const storage = createStorage({ db, clock, log });
  const upkeep = createUpkeep({ db, clock, log, config, sealer, storage, overdue: () => ticker.overdue() });

  const intake = createIntake({ clock, mibPerMinute: config.hostMibPerMinute });
  const { checkOwned, ownedRepo, reachOf } = createOwnership(db);
  const live = createLiveJobs({ db, clock });
  const maker = createJobMaker({ db, clock, bus });
  const orders = createOrders({ db, maker });
  const survey = createMaintenanceSurvey({ db, clock, hub, lastSeenAt });
  const planner = createForgetPlanner({ db, clock, holds, survey });
  const maintenance = createMaintenance({ db, clock, log, maker, planner, survey });
  const maintenanceResults = createMaintenanceResults({ db, clock, log, bus, holds, maker });
  const agenda = createMaintenanceAgenda({ db, clock, bus });
  const cancel = createCancel({ db, clock, bus });
  const maintenanceSettings = createMaintenanceSettings({ db, clock, bus, cancel });
  const reinit = createReinit({ db, clock, bus });
  const plannedRemovals = createPlannedRemovals(db);
  const heavyLimit = createHeavyLimit({ db, clock });
  const jobIngest = createJobIngest({ db, clock, log, bus, live, checkOwned });
  const dispatcher = createDispatcher({
    ...world,
    limit: {
      ...heavyLimit,
      // A trial carries the newest credential: it is sent only while that is the one that it was made for.
      mayStart: (job) => !isOutdatedTrial(db, job) && heavyLimit.mayStart(job),
    },
    credentialFor: createJobCredential({ db, credentials }),
    planForget(job) {
      const plan = planner.plan(job);
      plannedRemovals.sent(job, plan);
      return plan;
    },
  });
  const reconciler = createReconciler({ ...world, ...config, startedAt, lastSeenAt, holds: jobIngest.holds });
  const catchUp = createCatchUp({
    ...world,
    reconcile: reconciler.reconcile,
    caughtUp: (hostId) => bus.tell("host.caught_up", { hostId }),
  });
  const readiness = createReadiness({ db, clock, log, hub, orders, credentials, cancel, stateChanged: sync.changed });
  const tokens = createEnrollmentTokens({ db, clock, sealer });
  const answerFor = createAnswers({ db, updateKeys: signer.publicKeys });
  const enroll = createEnroll({ db, clock, hub, bus, tokens, credentials, groups, schedules, dues, answerFor });
  const announcements = createAnnouncements({ db, clock, bus, credentials, groups, schedules });
  const pendingSockets = createPendingSockets({ db, clock, bus, announcements, answerFor, isDraining });
  const fleet = createFleet({ db, clock, hub, bus, lastSeenAt });

  const repoIngest = createRepoIngest({ db, clock, log, bus, ownedRepo, reachOf });
  const snapshotIngest = createSnapshotIngest({
    db,
    clock,
    bus,
    ownedRepo,
    reachOf,
    removalsOf: plannedRemovals.of,
    orderList: (repoId) => void orders.snapshots({ kind: "system" }, repoId),
    tooLarge: (hostId) => intake.note(hostId, "list_too_large"),
  });

  const inbound: Inbound = createInbound({
    ...world,
    intake,
    durable: {
      "job.queued": jobIngest.queued,
      "job.started": jobIngest.started,
      "job.finished": jobIngest.finished,
      "log.stream": jobIngest.logged,
      "snapshots.added": snapshotIngest.added,
      "snapshots.report": snapshotIngest.report,
      "repo.stats": repoIngest.stats,
      "repo.status": repoIngest.status,
      "schedule.skipped": skipIngest.skipped,
      "update.status": () => undefined,
    },
    passing: {
      hello: (connection, hello) => agentSockets.hello(connection, hello),
      heartbeat: (connection, beat) => presence.heartbeat(connection, beat.outbox_pending),
      "job.progress": (connection, progress) => jobIngest.progress(connection, progress),
      "state.ack": (connection, ack) => sync.acknowledged(connection, ack),
      "tree.list.result": (connection, reply, id) => rpc.settle(connection, id, reply),
      error: (connection, { code, message }, id) => {
        if (code === "busy" && id !== null) dispatcher.busy(connection, id);
        else log.warn("an agent reported an error", { host_id: connection.hostId, code, why: message });
      },
    },
    onCommitted: (connection, seq) => catchUp.committed(connection, seq),
  });

  const agentSockets = createAgentSockets({
    ...world,
    inbound: () => inbound,
    intake,
    serverStateId: serverStateId(db),
    isDraining,
    handshake: {
      greet: presence.greet,
      connected(connection) {
        presence.connected(connection);
        sync.greet(connection);
        catchUp.greeted(connection);
      },
      disconnected(connection) {
        rpc.dropHost(connection.hostId);
        sync.dropHost(connection.hostId);
        presence.disconnected(connection);
      },
      flapping: presence.flapping,
    },
  });

  bus.on("state.changed", ({ hostId }) => sync.changed(hostId));
  bus.on("host.connected", ({ hostId }) => dues.refresh(hostId));
  bus.on("state.applied", ({ hostId }) => readiness.look(hostId));
  bus.on("repo.changed", ({ hostId }) => readiness.look(hostId));
  bus.on("host.caught_up", ({ hostId }) => {
    readiness.look(hostId);
    dispatcher.dispatch(hostId);
  });
  bus.on("job.created", ({ hostId }) => dispatcher.dispatch(hostId));
  bus.on("job.changed", ({ hostId }) => dispatcher.dispatch(hostId));
  bus.on("job.finished", ({ jobId, hostId }) => {
    live.endedByServer(jobId);
    plannedRemovals.ended(jobId);
    readiness.jobFinished(jobId);
    maintenanceResults.jobFinished(jobId);
    readiness.look(hostId);
  });
  bus.on("session.ended", ({ sessionIds }) => live.closeSessions(sessionIds));

  const ticks: Tick[] = [
    ...dues.ticks,
    createDayCloser({ db, clock, log, bus, startedAt }),
    ...agentSockets.ticks,
    ...inbound.ticks,
    ...catchUp.ticks,
    ...pendingSockets.ticks,
    ...announcements.ticks,
    ...dispatcher.ticks,
    ...sync.ticks,
    ...readiness.ticks,
    ...reconciler.ticks,
    ...storage.ticks,
    ...upkeep.ticks,
    ...maintenanceTicks({ agenda, clock }, maintenance, maintenanceResults),
    ...repoIngest.ticks,
    ...presence.ticks,
    ...sessionTicks({ db, clock, bus }),
    ...failedSignIns.ticks,
  ];
  const ticker = startTicker(ticks, log, clock);

  const originOf = createOriginReader({ ...config, tls: config.tls !== null });
  const pin = selfSignedPin(config.tls?.certFile ?? null, config.trustedProxies.length > 0);
  const pages = createPages({
    db,
    clock,
    assets,
    hub,
    fleet,
    live,
    sessions,
    signIn,
    firstRun,
    accounts,
    hosts,
    groups,
    holds,
    hooks,
    schedules,
    credentials,
    repos,
    maintenance,
    maintenanceSettings,
    survey,
    reinit,
    orders,
    cancel,
    tokens,
    announcements,
    pin,
    upkeep,
    keyId: sealer.keyId,
    lastSeenAt,
    findIntakeNote: intake.findNote,
    originOf,
    findSession: sessions.find,
  });
  const routes: Route[] = [
    ...healthRoutes({ storage, isDraining }),
    ...authRoutes({ signIn, firstRun }),
    ...dashboardRoutes({ db, clock, hub, fleet }),
    ...hostRoutes({ hosts }),
    ...repoRoutes({ db, clock, credentials, repos }),
    ...sourceGroupRoutes({ db, groups, holds, hooks }),
    ...scheduleRoutes({ db, clock, schedules }),
    ...snapshotRoutes({ db }),
    ...maintenanceRoutes({ db, maintenance, survey, settings: maintenanceSettings, reinit }),
    ...jobRoutes({ db, hub, live, orders, cancel }),
    ...enrollmentRoutes({ clock, tokens, enroll, announcements, pin }),
    ...downloadRoutes({ bundle, signer }),
    ...auditRoutes({ db }),
    ...agentSockets.routes,
    ...pendingSockets.routes,
    ...pages.routes,
  ];
  routes.push(...apiDocsRoutes([...routes], assets));
  const app = createApp({
    routes,
    checkAnswers,
    log,
    originOf,
    findSession: sessions.find,
    assets: assets.serve,
    errorPage: pages.errorPage,
    denied: auditDenied({ db, clock }),
  });

  return {
    app,
    routes,
    firstRun,
    ticks,
    drain() {
      draining = true;
      ticker.stop();
      hub.closeAll(CLOSE.shuttingDown, "the server is shutting down");
      inbound.flush();
      presence.flush();
      failedSignIns.flush();
    },
  };
}
