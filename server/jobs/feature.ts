/** Jobs: from the order to the result, with agents' reports and the live pages. */
import type { AgentFeature } from "../agents/feature.ts";
import type { DurableHandlers, PassingHandlers } from "../agents/inbound.ts";
import { readHoldOfJob } from "../deletion-holds/read-hold.ts";
import type { DesiredStateFeature } from "../desired-state/feature.ts";
import type { HostFeature } from "../hosts/feature.ts";
import type { HttpFeature } from "../http/feature.ts";
import type { RepoFeature } from "../repos/feature.ts";
import type { Listeners } from "../runtime/facts.ts";
import type { World } from "../runtime/world.ts";
import { createCancel } from "./cancel.ts";
import { createDayCloser } from "./close-days.ts";
import { createJobMaker } from "./create.ts";
import { createDispatcher, type DispatchDeps } from "./dispatch.ts";
import { createHeldDeletions } from "./held-deletions.ts";
import { createJobIngest } from "./ingest.ts";
import { createJobCredential, isOutdatedTrial } from "./job-credential.ts";
import { createOrders } from "./orders.ts";
import { jobPages } from "./pages.tsx";
import { createReadiness } from "./readiness.ts";
import { createReconciler } from "./reconcile.ts";
import { jobRoutes } from "./routes.ts";
import type { LiveJobs } from "./stream.ts";

export type JobNeeds = {
  http: HttpFeature;
  agents: AgentFeature;
  hosts: HostFeature;
  repos: RepoFeature;
  live: LiveJobs;
  desired: DesiredStateFeature;
  planning: Pick<DispatchDeps, "limit" | "planForget">;
};

export type JobFeature = ReturnType<typeof jobFeature>;

export function jobFeature(world: World, needs: JobNeeds) {
  const { db, log, config } = world;
  const { http, agents, hosts, repos, live, desired } = needs;
  const { limit, planForget } = needs.planning;
  const { hub } = agents;
  const { credentials } = repos;
  const maker = createJobMaker(world);
  const orders = createOrders({ db, maker });
  const cancel = createCancel(world);
  const ingest = createJobIngest({ ...world, live, ...agents.ownership });
  const dispatcher = createDispatcher({
    ...world,
    hub,
    // A trial sends the newest credential, so it may go out only while that is still the one to be tried.
    limit: { ...limit, mayStart: (job) => !isOutdatedTrial(db, job) && !readHoldOfJob(db, job) && limit.mayStart(job) },
    credentialFor: createJobCredential({ db, credentials }),
    planForget,
  });
  const reconciler = createReconciler({
    ...world,
    ...config,
    hub,
    lastSeenAt: hosts.lastSeenAt,
    heldJobs: ingest.heldJobs,
  });
  const readiness = createReadiness({ ...world, hub, orders, credentials, cancel, stateChanged: desired.stateChanged });
  const heldDeletions = createHeldDeletions({ ...world, cancel });
  const evaluate = ({ hostId }: { hostId: string }) => readiness.evaluate(hostId);
  const dispatchTo = ({ hostId }: { hostId: string }) => dispatcher.dispatch(hostId);
  return {
    maker,
    orders,
    cancel,
    reconcile: reconciler.reconcile,
    routes: jobRoutes({ db, hub, live, orders, cancel }),
    pages: jobPages({ db, hub, pages: http.pageMaker, heads: hosts.heads, live, orders, cancel }),
    durable: {
      "job.queued": ingest.queued,
      "job.started": ingest.started,
      "job.finished": ingest.finished,
      "log.stream": ingest.logged,
    } satisfies Partial<DurableHandlers>,
    passing: {
      "job.progress": ingest.progress,
      error(connection, { code, message }, id) {
        if (code === "busy" && id !== null) dispatcher.busy(connection, id);
        else log.warn("an agent reported an error", { host_id: connection.hostId, code, why: message });
      },
    } satisfies Partial<PassingHandlers>,
    listeners: {
      "state.applied": evaluate,
      "repo.changed": evaluate,
      "host.caught_up"(fact) {
        evaluate(fact);
        dispatchTo(fact);
      },
      "job.created": dispatchTo,
      "job.changed": dispatchTo,
      "job.finished"(fact) {
        live.endedByServer(fact.jobId);
        readiness.jobFinished(fact.jobId);
        evaluate(fact);
      },
      "deletion_holds.changed"() {
        heldDeletions.cancelAll();
        dispatcher.dispatchAll();
      },
      "session.ended": ({ sessionIds }) => live.closeSessions(sessionIds),
    } satisfies Listeners,
    ticks: [
      createDayCloser(world),
      ...dispatcher.ticks,
      ...readiness.ticks,
      ...reconciler.ticks,
      ...heldDeletions.ticks,
    ],
  };
}
