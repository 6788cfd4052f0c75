import { expect, test } from "bun:test";
import type { ToAgentPayload } from "../../shared/protocol/to-agent.ts";
import { type Connection, createHub } from "./hub.ts";
import { createRpc } from "./rpc.ts";

const REQUEST: ToAgentPayload<"tree.list"> = { repo_id: "r", snapshot_id: "latest", path: "/", offset: 0, limit: 10 };
const REPLY = { entries: [], total: 0, error: null };

function connectionOf(hostId: string, sent: { id: string | undefined }[]): Connection {
  return {
    hostId,
    ip: "127.0.0.1",
    openedAt: 0,
    lastFrameAt: 0,
    hello: null,
    isCaughtUp: true,
    skewMs: 0,
    outboxPending: 0,
    badFramesAt: [],
    send: (_type, _payload, id) => {
      sent.push({ id });
      return true;
    },
    close() {},
  };
}

function scene(timeoutMs = 1000) {
  const hub = createHub();
  const sent: { id: string | undefined }[] = [];
  const connection = connectionOf("host", sent);
  hub.attach(connection);
  return { hub, sent, connection, rpc: createRpc({ hub, timeoutMs }) };
}

test("a reply resolves its own request, and only from the host that was asked", async () => {
  const { rpc, sent, connection } = scene();
  const asked = rpc.listTree("host", REQUEST);
  const id = sent[0]?.id ?? "";
  rpc.resolve(connectionOf("another", []), id, REPLY);
  rpc.resolve(connection, "unknown", REPLY);
  rpc.resolve(connection, null, REPLY);
  rpc.resolve(connection, id, REPLY);
  expect(await asked).toEqual({ ok: true, reply: REPLY });
});

test("a request ends when the host is offline, disconnects or does not reply in time", async () => {
  const { rpc } = scene(20);
  expect(await rpc.listTree("nobody", REQUEST)).toEqual({ ok: false, reason: "offline" });
  const gone = rpc.listTree("host", REQUEST);
  rpc.dropHost("host");
  expect(await gone).toEqual({ ok: false, reason: "gone" });
  expect(await rpc.listTree("host", REQUEST)).toEqual({ ok: false, reason: "timeout" });
});
