/** The desired state of each host: sent on every change, and again until the agent has applied it. */
import type { AgentFeature } from "../agents/feature.ts";
import type { Connection } from "../agents/hub.ts";
import type { PassingHandlers } from "../agents/inbound.ts";
import type { Listeners } from "../runtime/facts.ts";
import type { World } from "../runtime/world.ts";
import type { DesiredStates } from "./states.ts";
import { createStateSync } from "./sync.ts";

export type DesiredStateFeature = ReturnType<typeof desiredStateFeature>;

export function desiredStateFeature(world: World, { agents, states }: { agents: AgentFeature; states: DesiredStates }) {
  const sync = createStateSync({ ...world, hub: agents.hub, states });
  return {
    stateChanged: sync.changed,
    passing: { "state.ack": sync.acknowledged } satisfies Partial<PassingHandlers>,
    connected: sync.onConnected,
    disconnected: (connection: Connection) => sync.dropHost(connection.hostId),
    listeners: { "state.changed": ({ hostId }) => sync.changed(hostId) } satisfies Listeners,
    ticks: sync.ticks,
  };
}
