/** Snapshots: the lists that agents report, and the Snapshots page of a host. */
import type { AgentFeature } from "../agents/feature.ts";
import type { DurableHandlers } from "../agents/inbound.ts";
import type { HostFeature } from "../hosts/feature.ts";
import type { HttpFeature } from "../http/feature.ts";
import type { JobFeature } from "../jobs/feature.ts";
import type { World } from "../runtime/world.ts";
import { createSnapshotIngest, type SnapshotIngestDeps } from "./ingest.ts";
import { snapshotPages } from "./pages.tsx";
import { snapshotRoutes } from "./routes.ts";

export type SnapshotNeeds = {
  http: HttpFeature;
  agents: AgentFeature;
  hosts: HostFeature;
  jobs: JobFeature;
  removalsOf: SnapshotIngestDeps["removalsOf"];
};

export function snapshotFeature(world: World, { http, agents, hosts, jobs, removalsOf }: SnapshotNeeds) {
  const ingest = createSnapshotIngest({
    ...world,
    ...agents.ownership,
    removalsOf,
    orderList: (repoId) => void jobs.orders.snapshots({ kind: "system" }, repoId),
    tooLarge: (hostId) => agents.intake.note(hostId, "list_too_large"),
  });
  return {
    routes: snapshotRoutes(world),
    pages: snapshotPages({ ...world, pages: http.pageMaker, heads: hosts.heads }),
    durable: {
      "snapshots.added": ingest.added,
      "snapshots.report": ingest.report,
    } satisfies Partial<DurableHandlers>,
  };
}
