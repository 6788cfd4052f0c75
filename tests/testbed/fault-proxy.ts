// A TCP proxy in this process that treats connections as networks do: slow, silent, cut, refused.
import { connect, createServer, type Server, type Socket } from "node:net";
import { quietPort } from "./ports.ts";

export type Faults = {
  /** `blackhole`: bytes vanish, connections stay open. `reset`: new connections get RST. `refuse`: nobody listens. */
  mode: "pass" | "blackhole" | "reset" | "refuse";
  /** Added to every chunk, each way. */
  latencyMs: number;
  /** Bytes per second each way and per connection; 0 is no limit. */
  bytesPerSecond: number;
  /** Each connection is reset once it has carried this many bytes, both ways together; 0 is never. */
  cutAfterBytes: number;
};

export type ProxyConnection = {
  /** In the order of arrival, from 0. */
  index: number;
  /** Bytes that arrived so far, from the client and from the target. */
  up: number;
  down: number;
  /** Resets both sides now. */
  cut(): void;
};

export type FaultProxyOptions = {
  /** Where whole connections go, on loopback. May change: a target that comes back at another port. */
  targetPort: () => number;
  /** Called for every chunk before it is passed on; may cut the connection, then the chunk is lost. */
  onChunk?: (connection: ProxyConnection, direction: "up" | "down", chunk: Buffer) => void;
};

export type FaultProxy = {
  port: number;
  /** Changes the faults, for open connections too; what is not named goes back to "no fault". */
  set(faults: Partial<Faults>): Promise<void>;
  /** Resets all open connections; returns how many. */
  cutAll(): number;
  connections(): readonly ProxyConnection[];
  close(): Promise<void>;
} & AsyncDisposable;

const NO_FAULTS: Faults = { mode: "pass", latencyMs: 0, bytesPerSecond: 0, cutAfterBytes: 0 };

/** Listens on a free loopback port that stays the same through `refuse` and back. */
export async function startFaultProxy({ targetPort, onChunk }: FaultProxyOptions): Promise<FaultProxy> {
  let faults = NO_FAULTS;
  let arrived = 0;
  const open = new Map<ProxyConnection, { client: Socket; target: Socket | null }>();
  let server: Server | null = null;
  const port = await listen(await quietPort());

  async function listen(onPort: number): Promise<number> {
    const fresh = createServer({ allowHalfOpen: true }, accept);
    await new Promise<void>((ready, failed) => fresh.once("error", failed).listen(onPort, "127.0.0.1", ready));
    server = fresh;
    const address = fresh.address();
    if (address === null || typeof address === "string") throw new Error("the proxy got no port");
    return address.port;
  }

  async function unlisten(): Promise<void> {
    const closing = server;
    server = null;
    if (!closing) return;
    const closed = new Promise((resolve) => closing.close(resolve));
    cutAll();
    await closed;
  }

  function accept(client: Socket): void {
    client.on("error", () => client.destroy());
    if (faults.mode === "reset") {
      client.resetAndDestroy();
      return;
    }
    const connection: ProxyConnection = { index: arrived++, up: 0, down: 0, cut: () => cut(connection) };
    const target = connect({ port: targetPort(), host: "127.0.0.1", allowHalfOpen: true });
    target.on("error", () => connection.cut());
    client.on("close", () => ended(connection));
    open.set(connection, { client, target });
    pump(connection, "up", client, target);
    pump(connection, "down", target, client);
  }

  function pump(connection: ProxyConnection, direction: "up" | "down", from: Socket, to: Socket): void {
    let free = 0;
    let waiting = Promise.resolve();
    const inOrder = (step: () => void | Promise<void>) => {
      waiting = waiting.then(step).catch(() => connection.cut());
    };
    from.on("data", (chunk: Buffer) => {
      connection[direction] += chunk.length;
      if (faults.mode === "blackhole") return;
      onChunk?.(connection, direction, chunk);
      if (faults.cutAfterBytes > 0 && connection.up + connection.down > faults.cutAfterBytes) connection.cut();
      if (!open.has(connection)) return;
      const arrivedAt = performance.now() + faults.latencyMs;
      from.pause();
      inOrder(async () => {
        free =
          Math.max(free, arrivedAt) + (faults.bytesPerSecond > 0 ? (chunk.length / faults.bytesPerSecond) * 1000 : 0);
        const early = free - performance.now();
        if (early > 1) await Bun.sleep(early);
        if (to.destroyed) return;
        if (!to.write(chunk)) await new Promise<void>((drained) => to.once("drain", drained).once("close", drained));
      });
      inOrder(() => void from.resume());
    });
    from.on("end", () => {
      if (faults.mode === "blackhole") return;
      inOrder(() => void to.end());
    });
  }

  function ended(connection: ProxyConnection): void {
    const sockets = open.get(connection);
    open.delete(connection);
    if (sockets?.target && !sockets.target.writableEnded) sockets.target.destroy();
  }

  function cut(connection: ProxyConnection): void {
    const sockets = open.get(connection);
    open.delete(connection);
    sockets?.client.resetAndDestroy();
    sockets?.target?.resetAndDestroy();
  }

  function cutAll(): number {
    const connections = [...open.keys()];
    for (const connection of connections) cut(connection);
    return connections.length;
  }

  async function close(): Promise<void> {
    await unlisten();
    cutAll();
  }

  return {
    port,
    set: async (changed) => {
      faults = { ...NO_FAULTS, ...changed };
      if (faults.mode === "refuse") await unlisten();
      else if (!server) await listen(port);
    },
    cutAll,
    connections: () => [...open.keys()],
    close,
    [Symbol.asyncDispose]: close,
  };
}
