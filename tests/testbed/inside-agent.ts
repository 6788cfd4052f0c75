/** An agent that only speaks the protocol, connected to a server inside the test's own process, so that orders arrive at once. */
import { breathe } from "../../server/runtime/turns.ts";
import { parseToAgent, type ToAgent, type ToAgentPayload } from "../../shared/protocol/to-agent.ts";
import { DURABLE_TYPES, type ToServerPayload, type ToServerType } from "../../shared/protocol/to-server.ts";
import type { TestApp } from "./app.ts";
import type { Identity } from "./hosts.ts";
import { endOf, fieldsOf, helloOf } from "./simulated-agent.ts";
import { until } from "./wait.ts";

export type Order = ToAgentPayload<"command.run">;
export type InsideAgent = Awaited<ReturnType<typeof connectInside>>;

type Ack = ToServerPayload<"state.ack">;

export type InsideOptions = {
  /** How a state is acknowledged; null = not at all. */
  ack?(state: ToAgentPayload<"state.set">): Ack | null;
  hello?: Partial<ToServerPayload<"hello">>;
};

/** Greets, and acknowledges each state as applied unless told otherwise. */
export async function connectInside(app: TestApp, identity: Identity, { ack = applied, hello }: InsideOptions = {}) {
  const socket = await app.connect("/ws/agent", { authorization: `Bearer ${identity.token}` });
  const received: ToAgent[] = [];
  let said = 0;
  let acked = 0;
  const tell = <T extends ToServerType>(type: T, payload: ToServerPayload<T>) => {
    const isDurable = (DURABLE_TYPES as readonly string[]).includes(type);
    socket.send(JSON.stringify({ type, ts: app.clock.now(), ...(isDurable ? { seq: ++said } : {}), payload }));
  };
  socket.onFrame = (frame) => {
    const parsed = parseToAgent(frame);
    if (!parsed.ok) throw new Error(`the server sent a frame that does not parse: ${frame}`);
    received.push(parsed.message);
    if (parsed.message.type === "ack") acked = Math.max(acked, parsed.message.payload.seq);
    if (parsed.message.type !== "state.set") return;
    const answer = ack(parsed.message.payload);
    if (answer) tell("state.ack", answer);
  };
  tell("hello", helloOf(identity, hello));
  // Greetings are given a few in each turn of the event loop.
  await breathe();
  const states = () => received.flatMap((one) => (one.type === "state.set" ? [one.payload] : []));
  const orders = (kind?: Order["kind"]): Order[] =>
    received.flatMap((one) =>
      one.type === "command.run" && (kind === undefined || one.payload.kind === kind) ? [one.payload] : [],
    );
  return {
    received,
    /** A durable message gets the next number. */
    tell,
    /** A frame as it is. */
    sendText: (frame: string): void => socket.send(frame),
    /** Numbers of the durable message that was sent last, and of the one that was acknowledged last. */
    numbers: () => ({ said, acked }),
    /** Resolves when every durable message is acknowledged. */
    acknowledged: async () => void (await until(() => acked >= said, { what: `acknowledgement of ${said}` })),
    states,
    orders,
    /** The newest order of this kind; waits for the first. */
    order: (kind: Order["kind"]): Promise<Order> => until(() => orders(kind).at(-1), { what: `an order to ${kind}` }),
    /** Resolves when the server has stored all that was told. */
    async stored() {
      for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
    },
    accept: (order: Order) => tell("job.queued", fieldsOf(order)),
    end: (order: Order, changes: Partial<ToServerPayload<"job.finished">> = {}) =>
      tell("job.finished", {
        ...endOf(fieldsOf(order)),
        started_at: app.clock.now(),
        finished_at: app.clock.now(),
        ...changes,
      }),
    isClosed: () => socket.isClosed(),
    close: socket.close,
  };
}

function applied(state: ToAgentPayload<"state.set">): Ack {
  return { state_version: state.state_version, digest: state.digest, errors: [] };
}
