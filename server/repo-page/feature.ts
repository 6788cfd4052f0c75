/** The pages that show repos with everything that happens to them: one repo, and those of all hosts. */
import type { AgentFeature } from "../agents/feature.ts";
import type { HttpFeature } from "../http/feature.ts";
import type { MaintenanceFeature } from "../maintenance/feature.ts";
import type { RepoFeature } from "../repos/feature.ts";
import type { World } from "../runtime/world.ts";
import { fleetRepoPages } from "./fleet-page.tsx";
import { repoPages } from "./pages.tsx";

export type RepoPageNeeds = {
  http: HttpFeature;
  agents: AgentFeature;
  repos: RepoFeature;
  maintenance: MaintenanceFeature;
};

export function repoPageFeature(world: World, { http, agents, ...needs }: RepoPageNeeds) {
  const pages = http.pageMaker;
  const { hub } = agents;
  const { repos, credentials } = needs.repos;
  const { maintenance, maintenanceSettings, survey, reinit } = needs.maintenance;
  return {
    pages: [
      ...fleetRepoPages({ ...world, pages }),
      ...repoPages({ ...world, hub, pages, credentials, repos, maintenance, maintenanceSettings, survey, reinit }),
    ],
  };
}
