/** The dashboard: the fleet as one table, its filters, and the search of the command palette. */
import type { AgentFeature } from "../agents/feature.ts";
import type { EnrollmentFeature } from "../enrollment/feature.ts";
import type { HostFeature } from "../hosts/feature.ts";
import type { ShareOf } from "../hosts/last-backup.ts";
import type { HttpFeature } from "../http/feature.ts";
import type { World } from "../runtime/world.ts";
import { createFleet } from "./fleet.ts";
import { dashboardPages } from "./pages.tsx";
import { dashboardRoutes } from "./routes.ts";
import { createFleetRows } from "./rows.ts";

export type DashboardNeeds = {
  http: HttpFeature;
  agents: AgentFeature;
  hosts: HostFeature;
  enrollment: EnrollmentFeature;
  shareOf: ShareOf;
};

export function dashboardFeature(world: World, { http, agents, hosts, enrollment, shareOf }: DashboardNeeds) {
  const { hub } = agents;
  const fleet = createFleet({ ...world, hub, lastSeenAt: hosts.lastSeenAt });
  const rows = createFleetRows({ ...world, shareOf });
  const { announcements } = enrollment;
  return {
    routes: dashboardRoutes({ ...world, hub, fleet }),
    pages: dashboardPages({ ...world, pages: http.pageMaker, fleet, rows, shareOf, announcements }),
  };
}
