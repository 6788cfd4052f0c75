import { afterAll, expect, test } from "bun:test";
import { newId } from "../../shared/ids.ts";
import { silentLog } from "../../shared/log.ts";
import { openTestDb } from "../../tests/testbed/database.ts";
import { endOf, fieldsOf, helloOf } from "../../tests/testbed/simulated-agent.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import type { Socket } from "../http/sockets.ts";
import { createConnection, createHub } from "./hub.ts";
import { createInbound, type DurableHandlers, type PassingHandlers } from "./inbound.ts";
import { createIntake } from "./intake.ts";

const cleanup = createCleanup();
afterAll(cleanup.run);

test("an error in the follow-up of one stored message affects neither the next message nor its acknowledgement", async () => {
  const db = await openTestDb(cleanup);
  const hub = createHub();
  const clock = { now: () => 1_800_000_000_000 };
  const frames: { type: string; payload: { seq?: number } }[] = [];
  const followed: string[] = [];
  const committed: string[] = [];
  const order = {
    job_id: newId(),
    kind: "unlock" as const,
    repo_id: newId(),
    actor_kind: "system" as const,
    queued_at: 1,
    expires_at: 2,
    args: {},
  };
  const inbound = createInbound({
    db,
    clock,
    log: silentLog,
    hub,
    intake: createIntake({ clock, mibPerMinute: 120 }),
    durable: {
      "job.queued": () => () => {
        throw new Error("a browser went away");
      },
      "job.finished": () => () => void followed.push("finished"),
    } as Partial<DurableHandlers> as DurableHandlers,
    passing: {} as PassingHandlers,
    onCommitted(connection) {
      committed.push(connection.hostId);
      if (connection.hostId === "a") throw new Error("its jobs cannot be compared");
    },
  });
  const connect = (hostId: string) => {
    const socket = { readyState: WebSocket.OPEN, send: (frame: string) => frames.push(JSON.parse(frame)) };
    const connection = createConnection(socket as unknown as Socket, hostId, "127.0.0.1", clock);
    connection.hello = helloOf({ machineId: "m" } as never);
    hub.attach(connection);
    return connection;
  };
  const tell = (connection: ReturnType<typeof connect>, type: string, seq: number, payload: unknown) =>
    inbound.receive(connection, JSON.stringify({ type, ts: 1, seq, payload }));
  const [a, b] = [connect("a"), connect("b")];
  tell(a, "job.queued", 1, fieldsOf(order));
  tell(b, "job.finished", 7, endOf(fieldsOf(order)));
  inbound.flush();
  expect(frames.map(({ type, payload }) => [type, payload.seq])).toEqual([
    ["ack", 1],
    ["ack", 7],
  ]);
  expect(committed).toEqual(["a", "b"]);
  expect(followed).toEqual(["finished"]);
});
