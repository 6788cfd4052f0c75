/** Opens a WebSocket to the server, with token, trust, proxy and a time limit. */
import type { AgentEnvironment } from "../config.ts";
import { proxyFor } from "./proxy.ts";
import { type Trust, WrongKey } from "./trust.ts";

export type SocketTarget = {
  /** `https://backup.example`, or `http://…` */
  server: string;
  /** Below the server's address, as `/ws/agent`. */
  path: string;
  /** null for a machine without one. */
  token: string | null;
  trust: Trust;
  proxy: AgentEnvironment["proxy"];
};

export type Socket = {
  send(frame: string): void;
  close(code: number, reason: string): void;
  /** Closes at once, without waiting for the peer. */
  terminate(): void;
};

export type SocketEvents = { message(frame: string): void; closed(code: number, reason: string): void };

export type Opened = { ok: true; socket: Socket } | { ok: false; problem: string };

/** Bun's client has more options and methods than the browser's. */
type BunSocket = WebSocket & { terminate(): void };
type BunOptions = { headers: Record<string, string>; tls?: object; proxy?: string };

/** Never throws. After `ok: true`, `closed` is called exactly once, when the peer or the network closes it. */
export async function openSocket(target: SocketTarget, withinMs: number, events: SocketEvents): Promise<Opened> {
  try {
    const tls = await target.trust.options();
    return await dial(target, tls, withinMs, events);
  } catch (error) {
    if (!(error instanceof WrongKey)) target.trust.forget();
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
}

function dial(target: SocketTarget, tls: object, withinMs: number, events: SocketEvents): Promise<Opened> {
  const url = `${target.server.replace(/^http/, "ws").replace(/\/+$/, "")}${target.path}`;
  const proxy = proxyFor(target.server, target.proxy);
  const headers: Record<string, string> = target.token === null ? {} : { Authorization: `Bearer ${target.token}` };
  const options: BunOptions = { headers, tls };
  if (proxy !== null) options.proxy = proxy;
  const socket = new WebSocket(url, options as unknown as string[]) as BunSocket;
  return new Promise((resolve) => {
    let open = false;
    let lastError = "the connection was refused or closed";
    const limit = setTimeout(() => {
      lastError = `no answer within ${Math.round(withinMs / 1000)} s`;
      socket.terminate();
      fail();
    }, withinMs);
    const fail = () => {
      clearTimeout(limit);
      target.trust.forget();
      resolve({ ok: false, problem: lastError });
    };
    socket.onopen = () => {
      open = true;
      clearTimeout(limit);
      resolve({ ok: true, socket: wrapped(socket, () => (open = false)) });
    };
    socket.onmessage = (event) => events.message(typeof event.data === "string" ? event.data : "");
    socket.onerror = (event) => {
      if ("message" in event && typeof event.message === "string" && event.message) lastError = event.message;
    };
    socket.onclose = (event) => {
      if (open) events.closed(event.code, event.reason);
      else fail();
    };
  });
}

function wrapped(socket: BunSocket, forget: () => void): Socket {
  return {
    send(frame) {
      if (socket.readyState === WebSocket.OPEN) socket.send(frame);
    },
    close(code, reason) {
      forget();
      socket.close(code, reason);
    },
    terminate() {
      forget();
      socket.terminate();
    },
  };
}
