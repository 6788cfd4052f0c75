/** Repos of hosts: adding and changing them, agents' reports about them, and their credentials. */
import type { AgentFeature } from "../agents/feature.ts";
import type { DurableHandlers } from "../agents/inbound.ts";
import type { HostFeature } from "../hosts/feature.ts";
import type { HttpFeature } from "../http/feature.ts";
import type { World } from "../runtime/world.ts";
import type { Credentials } from "./credentials.ts";
import { createRepoIngest } from "./ingest.ts";
import { repoListPages } from "./pages.tsx";
import { createRepos } from "./repos.ts";
import { repoRoutes } from "./routes.ts";

export type RepoNeeds = { http: HttpFeature; agents: AgentFeature; hosts: HostFeature; credentials: Credentials };

export type RepoFeature = ReturnType<typeof repoFeature>;

export function repoFeature(world: World, { http, agents, hosts, credentials }: RepoNeeds) {
  const repos = createRepos({ ...world, credentials });
  const ingest = createRepoIngest({ ...world, ...agents.ownership });
  return {
    repos,
    credentials,
    routes: repoRoutes({ ...world, credentials, repos }),
    pages: repoListPages({ pages: http.pageMaker, heads: hosts.heads, repos }),
    durable: { "repo.stats": ingest.stats, "repo.status": ingest.status } satisfies Partial<DurableHandlers>,
    ticks: ingest.ticks,
  };
}
