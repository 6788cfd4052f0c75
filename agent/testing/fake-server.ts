/** The server in the agent's tests: speaks the real protocol, records what it receives, and can misbehave. */
import { newId } from "../../shared/ids.ts";
import type { ToAgentPayload, ToAgentType } from "../../shared/protocol/to-agent.ts";
import { parseToServer, type ToServer, type ToServerType } from "../../shared/protocol/to-server.ts";
import { PROTOCOL_VERSION } from "../../shared/protocol/version.ts";
import { until } from "../../tests/testbed/wait.ts";

type Heard<T extends ToServerType> = Extract<ToServer, { type: T }>;
type Socket = Bun.ServerWebSocket<unknown>;

export type FakeServer = ReturnType<typeof startFakeServer>;

export type FakeServerOptions = {
  /** PEM texts for HTTPS. */
  tls?: { cert: string; key: string };
  port?: number;
  /** Answers other requests than the agent's socket; null = 404. */
  files?(pathname: string): Response | null;
};

export function startFakeServer({ tls, port = 0, files }: FakeServerOptions = {}) {
  const heard: ToServer[] = [];
  const tokens: (string | null)[] = [];
  const requests: string[] = [];
  const garbled: string[] = [];
  let socket: Socket | null = null;
  const openedAt: number[] = [];
  const behaviour = {
    /** Acknowledge each durable message. */
    ack: true,
    welcome: true,
    answerHeartbeats: true,
    stateId: newId(),
    /** Sent as `error` and then closed with the code, instead of a welcome. */
    refuse: null as null | { error: string | null; code: number },
    /** Asked after each frame; true cuts the connection before it is acknowledged. */
    cutAfter: (_message: ToServer) => false,
  };

  const server = Bun.serve({
    port,
    hostname: "127.0.0.1",
    ...(tls ? { tls } : {}),
    fetch(request, self) {
      const { pathname } = new URL(request.url);
      requests.push(pathname);
      if (pathname === "/ws/agent") tokens.push(request.headers.get("authorization"));
      if (pathname === "/ws/agent" && self.upgrade(request)) return;
      return files?.(pathname) ?? new Response("nothing here", { status: 404 });
    },
    websocket: {
      open(opened) {
        openedAt.push(performance.now());
        socket = opened;
      },
      message(from, data) {
        if (from === socket) hear(String(data));
      },
      close(closed) {
        if (closed === socket) socket = null;
      },
    },
  });

  function hear(frame: string): void {
    const parsed = parseToServer(frame);
    if (!parsed.ok) {
      garbled.push(frame);
      return;
    }
    const { message } = parsed;
    heard.push(message);
    if (behaviour.cutAfter(message)) {
      socket?.terminate();
      return;
    }
    if (message.type === "hello") answerHello();
    if (message.type === "heartbeat" && behaviour.answerHeartbeats) send("heartbeat.ack", { time: Date.now() });
    if (message.seq !== undefined && behaviour.ack) send("ack", { seq: message.seq });
  }

  function answerHello(): void {
    const { refuse } = behaviour;
    if (refuse) {
      if (refuse.error) send("error", { code: refuse.error, message: "refused by the test" });
      socket?.close(refuse.code, "refused");
    } else if (behaviour.welcome) {
      send("welcome", {
        protocol_version: PROTOCOL_VERSION,
        server_version: "0.1.0",
        server_state_id: behaviour.stateId,
        host_id: newId(),
        time: Date.now(),
      });
    }
  }

  function send<T extends ToAgentType>(type: T, payload: ToAgentPayload<T>, id?: string): void {
    socket?.send(JSON.stringify({ type, ts: Date.now(), ...(id === undefined ? {} : { id }), payload }));
  }

  function find<T extends ToServerType>(
    type: T,
    fits: (message: Heard<T>) => boolean = () => true,
  ): Heard<T> | undefined {
    return heard.find((message): message is Heard<T> => message.type === type && fits(message as Heard<T>));
  }

  return {
    url: `${tls ? "https" : "http"}://127.0.0.1:${server.port}`,
    port: server.port ?? 0,
    behaviour,
    heard,
    garbled,
    tokens,
    /** Paths of all requests, whoever made them. */
    requests,
    send,
    sendRaw: (frame: string): void => void socket?.send(frame),
    find,
    list: <T extends ToServerType>(type: T): Heard<T>[] => heard.filter((one): one is Heard<T> => one.type === type),
    /** Waits for a message that fits, already heard or to come. */
    wait: <T extends ToServerType>(
      type: T,
      fits?: (message: Heard<T>) => boolean,
      timeoutMs = 20_000,
    ): Promise<Heard<T>> => until(() => find(type, fits), { timeoutMs, what: `a ${type}` }),
    connections: () => openedAt.length,
    /** When each connection was opened, by the test's stopwatch. */
    openedAt,
    connected: () => socket !== null,
    /** Ends the connection without a word. */
    cut: (): void => socket?.terminate(),
    close: (code: number, reason = ""): void => socket?.close(code, reason),
    async stop(): Promise<void> {
      await server.stop(true);
    },
  };
}
