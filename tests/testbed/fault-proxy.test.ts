/** Tests the faults that the TCP proxy can cause. */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";
import { createCleanup } from "./temp.ts";
import { until } from "./wait.ts";

const cleanup = createCleanup();
afterAll(cleanup.run);

/** Echoes every byte; the far peer behind the proxy. */
const echo = Bun.listen({
  hostname: "127.0.0.1",
  port: 0,
  socket: { data: (socket, bytes) => void socket.write(bytes) },
});
cleanup.add(() => echo.stop(true));

let proxy: FaultProxy;
beforeEach(async () => {
  proxy = await startFaultProxy({ targetPort: () => echo.port });
  cleanup.add(proxy.close);
});

type Client = { said: () => string; send: (text: string) => void; closed: Promise<void>; end: () => void };

async function dial(port: number): Promise<Client> {
  let said = "";
  const closed = Promise.withResolvers<void>();
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data: (_, bytes) => {
        said += bytes.toString();
      },
      close: () => closed.resolve(),
      error: () => closed.resolve(),
    },
  });
  return { said: () => said, send: (text) => void socket.write(text), closed: closed.promise, end: () => socket.end() };
}

describe("the fault proxy", () => {
  test("passes bytes both ways, in order, and counts them", async () => {
    const client = await dial(proxy.port);
    client.send("one ");
    client.send("two");
    await until(() => client.said() === "one two");
    expect(proxy.connections()).toMatchObject([{ index: 0, up: 7, down: 7 }]);
    client.end();
    await until(() => proxy.connections().length === 0);
  });

  test("delays by the latency and keeps to the bandwidth", async () => {
    await proxy.set({ latencyMs: 60 });
    const client = await dial(proxy.port);
    let started = performance.now();
    client.send("x");
    await until(() => client.said() === "x", { everyMs: 2 });
    expect(performance.now() - started).toBeGreaterThan(115);
    await proxy.set({ bytesPerSecond: 10_000 });
    started = performance.now();
    client.send("y".repeat(2_000));
    await until(() => client.said().length === 2_001, { everyMs: 2 });
    expect(performance.now() - started).toBeGreaterThan(190);
  });

  test("a black hole swallows bytes and keeps the connection", async () => {
    const client = await dial(proxy.port);
    await proxy.set({ mode: "blackhole" });
    client.send("lost");
    await until(() => proxy.connections()[0]?.up === 4);
    await proxy.set({ mode: "pass" });
    client.send("found");
    await until(() => client.said() === "found");
  });

  test("refuses, resets, and comes back at the same port", async () => {
    const before = await dial(proxy.port);
    await proxy.set({ mode: "refuse" });
    await before.closed;
    await expect(dial(proxy.port)).rejects.toThrow();
    await proxy.set({ mode: "reset" });
    const reset = await dial(proxy.port).catch(() => null);
    if (reset) await reset.closed;
    await proxy.set({});
    const after = await dial(proxy.port);
    after.send("again");
    await until(() => after.said() === "again");
  });

  test("cuts after a number of bytes, from a hook, and on demand", async () => {
    await proxy.set({ cutAfterBytes: 10 });
    const first = await dial(proxy.port);
    first.send("12345678901");
    await first.closed;
    expect(first.said()).toBe("");
    await proxy.set({});
    const second = await dial(proxy.port);
    await until(() => proxy.connections().length === 1);
    expect(proxy.cutAll()).toBe(1);
    await second.closed;
    const hooked = await startFaultProxy({
      targetPort: () => echo.port,
      onChunk: (connection, direction) => direction === "down" && connection.cut(),
    });
    cleanup.add(hooked.close);
    const third = await dial(hooked.port);
    third.send("never comes back");
    await third.closed;
    expect(third.said()).toBe("");
  });
});
