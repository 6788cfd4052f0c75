/** Relays and counts every WebSocket frame between an agent and its server, so that a test can cut or kill after exactly frame k. */

export type Frame = {
  number: number;
  direction: "up" | "down";
  type: string;
  /** A stored message's number on its way up, the last acknowledged number on the way down; 0 for what is not stored. */
  seq: number;
};

export type FrameRelay = {
  /** Where the agent connects to. */
  url: string;
  /** Counting starts anew at 1; the listener hears each frame right after it was passed on. */
  watch(onFrame: (frame: Frame) => void): void;
  /** Drops the agent's connection and its other half. */
  cut(): void;
  close(): Promise<void>;
};

type Link = { authorization: string; up: WebSocket | null; waiting: string[] };

/** @param target address of the server; it may be down at times, the agent's attempts then fail as they would without us */
export function startFrameRelay(target: string): FrameRelay {
  let number = 0;
  let listener: (frame: Frame) => void = () => undefined;
  const links = new Set<Bun.ServerWebSocket<Link>>();

  const count = (direction: "up" | "down", text: string) => {
    number++;
    const { type, seq, payload } = JSON.parse(text) as { type: string; seq?: number; payload?: { seq?: number } };
    listener({ number, direction, type, seq: (type === "ack" ? payload?.seq : seq) ?? 0 });
  };

  const server = Bun.serve<Link>({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request, self) {
      const url = new URL(request.url);
      if (url.pathname === "/ws/agent") {
        const data: Link = { authorization: request.headers.get("authorization") ?? "", up: null, waiting: [] };
        return self.upgrade(request, { data }) ? undefined : new Response(null, { status: 400 });
      }
      const body = request.method === "GET" ? null : await request.arrayBuffer();
      const headers = new Headers(request.headers);
      headers.delete("host");
      return await fetch(target + url.pathname + url.search, { method: request.method, headers, body });
    },
    websocket: {
      maxPayloadLength: 2 * 1024 * 1024,
      open(ws) {
        links.add(ws);
        const up = new WebSocket(`${target.replace(/^http/, "ws")}/ws/agent`, {
          headers: { authorization: ws.data.authorization },
        } as never);
        ws.data.up = up;
        up.onopen = () => {
          for (const frame of ws.data.waiting.splice(0)) up.send(frame);
        };
        up.onmessage = (event) => {
          ws.send(String(event.data));
          count("down", String(event.data));
        };
        up.onclose = (event) =>
          event.code === 1006 || event.code === 1005 ? ws.terminate() : ws.close(event.code, event.reason);
      },
      message(ws, frame) {
        const { up, waiting } = ws.data;
        if (up?.readyState === WebSocket.OPEN) up.send(String(frame));
        else waiting.push(String(frame));
        count("up", String(frame));
      },
      close(ws) {
        links.delete(ws);
        ws.data.up?.close();
      },
    },
  });

  const cut = () => {
    for (const ws of links) {
      (ws.data.up as unknown as { terminate(): void } | null)?.terminate();
      ws.terminate();
    }
  };
  return {
    url: `http://127.0.0.1:${server.port}`,
    watch(onFrame) {
      number = 0;
      listener = onFrame;
    },
    cut,
    close: async () => {
      cut();
      await server.stop(true);
    },
  };
}
