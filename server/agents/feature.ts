/** The agents' connections, and the channel that passes each message to the feature that applies it. */
import { DURABLE_TYPES, PASSING_TYPES } from "../../shared/protocol/to-server.ts";
import { CLOSE } from "../../shared/protocol/version.ts";
import type { World } from "../runtime/world.ts";
import { createCatchUp } from "./catch-up.ts";
import { createGreeter, type Greeting, serverStateId } from "./greeter.ts";
import { type Connection, createHub, type Hello } from "./hub.ts";
import { createInbound, type DurableHandlers, type PassingHandlers } from "./inbound.ts";
import { createIntake } from "./intake.ts";
import { createOwnership } from "./ownership.ts";
import { createRpc } from "./rpc.ts";
import { createAgentSockets } from "./socket.ts";

export type AgentFeature = ReturnType<typeof agentFeature>;

export function agentFeature({ db, clock, config }: World) {
  const hub = createHub();
  const intake = createIntake({ clock, mibPerMinute: config.hostMibPerMinute });
  return { hub, intake, rpc: createRpc({ hub }), ownership: createOwnership(db) };
}

/** What a feature handles for agents. Exactly one feature applies each type of message. */
export type AgentSide = {
  durable?: Partial<DurableHandlers>;
  passing?: Partial<PassingHandlers>;
  /** The agent was welcomed. Features are called in the order of the list. */
  connected?(connection: Connection, hello: Hello): void;
  /** Called in the opposite order. */
  disconnected?(connection: Connection): void;
};

export type ChannelNeeds = {
  agents: AgentFeature;
  presence: Pick<Greeting, "recordHello" | "flapping">;
  /** Compares the jobs of a host that has caught up with the server's. */
  reconcile(connection: Connection): void;
  features: readonly AgentSide[];
};

/** @throws at start when a message has no handler or more than one */
export function agentChannel(world: World, { agents, presence, reconcile, features }: ChannelNeeds) {
  const { db, bus, isDraining } = world;
  const { hub, intake, rpc } = agents;
  const catchUp = createCatchUp({
    ...world,
    hub,
    reconcile,
    caughtUp: (hostId) => bus.publish("host.caught_up", { hostId }),
  });
  const greeter = createGreeter({
    ...world,
    hub,
    serverStateId: serverStateId(db),
    greeting: {
      ...presence,
      connected(connection, hello) {
        for (const feature of features) feature.connected?.(connection, hello);
        catchUp.greeted(connection);
      },
    },
  });
  const own: AgentSide = {
    passing: {
      hello: greeter.hello,
      "tree.list.result": (connection, reply, id) => rpc.resolve(connection, id, reply),
    },
  };
  const sides = [own, ...features];
  const inbound = createInbound({
    ...world,
    hub,
    intake,
    durable: oneOfEach(
      DURABLE_TYPES,
      sides.map(({ durable }) => durable ?? {}),
    ),
    passing: oneOfEach(
      PASSING_TYPES,
      sides.map(({ passing }) => passing ?? {}),
    ),
    onCommitted: catchUp.committed,
  });
  const sockets = createAgentSockets({
    ...world,
    hub,
    intake,
    greeter,
    inbound,
    isDraining,
    disconnected(connection) {
      rpc.dropHost(connection.hostId);
      for (const feature of features.toReversed()) feature.disconnected?.(connection);
    },
  });
  return {
    routes: sockets.routes,
    ticks: [...sockets.ticks, ...inbound.ticks, ...catchUp.ticks],
    /** Tells all agents that the server is stopping, and stores what they have sent. */
    flush() {
      hub.closeAll(CLOSE.shuttingDown, "the server is shutting down");
      inbound.flush();
    },
  };
}

function oneOfEach<H extends object>(types: readonly (keyof H & string)[], parts: readonly Partial<H>[]): H {
  for (const type of types) {
    const handlers = parts.filter((part) => part[type] !== undefined).length;
    if (handlers !== 1) throw new Error(`the message ${type} has ${handlers} handlers instead of one`);
  }
  return Object.assign({}, ...parts) as H;
}
