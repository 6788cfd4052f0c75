/** Hosts: when they were last seen, what people can change about them, and the header of each host's pages. */
import type { AgentFeature } from "../agents/feature.ts";
import type { PassingHandlers } from "../agents/inbound.ts";
import type { HttpFeature } from "../http/feature.ts";
import type { World } from "../runtime/world.ts";
import { createHostHeads } from "./head.ts";
import { createHosts, type HostDeps } from "./hosts.ts";
import type { ShareOf } from "./last-backup.ts";
import { type HostPageDeps, hostPages } from "./pages.tsx";
import { createPresence } from "./presence.ts";
import { hostRoutes } from "./routes.ts";

export type HostNeeds = {
  http: HttpFeature;
  agents: AgentFeature;
  accounting: HostDeps["accounting"];
  shareOf: ShareOf;
  hooks: HostPageDeps["hooks"];
};

export type HostFeature = ReturnType<typeof hostFeature>;

export function hostFeature(world: World, { http, agents, accounting, shareOf, hooks }: HostNeeds) {
  const { hub, intake } = agents;
  const presence = createPresence({ ...world, hub });
  const { lastSeenAt } = presence;
  const hosts = createHosts({ ...world, hub, accounting });
  const heads = createHostHeads({ ...world, hub, lastSeenAt, findIntakeNote: intake.findNote, shareOf });
  return {
    presence,
    lastSeenAt,
    heads,
    routes: hostRoutes({ hosts }),
    pages: hostPages({ pages: http.pageMaker, heads, hosts, hooks }),
    passing: {
      heartbeat: (connection, beat) => presence.heartbeat(connection, beat.outbox_pending),
    } satisfies Partial<PassingHandlers>,
    connected: presence.connected,
    disconnected: presence.disconnected,
    ticks: presence.ticks,
    flush: presence.flush,
  };
}
