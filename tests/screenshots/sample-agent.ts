// A sample agent as the server sees it: sends hello, accepts its state, and may report a running job.
import type { ToServerPayload, ToServerType } from "../../shared/protocol/to-server.ts";

export type SampleAgent = {
  /** Resolves when the server has taken the hello and the state is acknowledged. */
  ready: Promise<void>;
  send<T extends ToServerType>(type: T, payload: ToServerPayload<T>, seq?: number): void;
  close(): void;
};

export type SampleAgentOptions = {
  url: string;
  token: string;
  now: number;
  hello: ToServerPayload<"hello">;
};

export function connectSampleAgent({ url, token, now, hello }: SampleAgentOptions): SampleAgent {
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/ws/agent`, {
    headers: { Authorization: `Bearer ${token}` },
  } as unknown as string[]);
  const send: SampleAgent["send"] = (type, payload, seq) =>
    socket.send(JSON.stringify({ type, ts: now, ...(seq === undefined ? {} : { seq }), payload }));
  const ready = new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => send("hello", hello));
    socket.addEventListener("close", ({ code, reason }) => reject(new Error(`closed with ${code}: ${reason}`)));
    socket.addEventListener("message", ({ data }) => {
      const { type, payload } = JSON.parse(String(data)) as { type: string; payload: Record<string, unknown> };
      if (type !== "state.set") return;
      send("state.ack", { state_version: Number(payload.state_version), digest: String(payload.digest), errors: [] });
      resolve();
    });
  });
  return { ready, send, close: () => socket.close() };
}
