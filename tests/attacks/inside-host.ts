// A host that speaks to the server inside the test, and says what a test wants said: the stolen one, and its victim.
import { newId } from "../../shared/ids.ts";
import type { JobKind } from "../../shared/jobs.ts";
import type { SnapshotRow } from "../../shared/protocol/fields.ts";
import { parseToAgent, type ToAgent, type ToAgentPayload } from "../../shared/protocol/to-agent.ts";
import type { ToServerPayload, ToServerType } from "../../shared/protocol/to-server.ts";
import type { TestApp } from "../testbed/app.ts";
import type { TestHost } from "../testbed/hosts.ts";
import { helloOf, type JobFields } from "../testbed/simulated-agent.ts";
import type { Cleanup } from "../testbed/temp.ts";
import { until } from "../testbed/wait.ts";

export type Order = ToAgentPayload<"command.run">;

export type InsideHost = {
  received: ToAgent[];
  /** A durable message, numbered. @returns its number */
  say<T extends ToServerType>(type: T, payload: ToServerPayload<T>): number;
  /** Resolves when everything that was said is acknowledged. */
  acknowledged(): Promise<void>;
  /** Numbers of what was said last, and of what is acknowledged. */
  numbers(): { said: number; acked: number };
  /** A frame as it is. */
  sendText(frame: string): void;
  isClosed(): boolean;
  order(kind: JobKind): Promise<Order>;
  orders(): Order[];
  close(): void;
};

export async function connectInside(
  app: TestApp,
  host: TestHost,
  cleanup: Cleanup,
  hello: Partial<ToServerPayload<"hello">> = {},
): Promise<InsideHost> {
  const socket = await app.connect("/ws/agent", { authorization: `Bearer ${host.identity.token}` });
  const received: ToAgent[] = [];
  let said = 0;
  let acked = 0;
  socket.onFrame = (frame) => {
    const parsed = parseToAgent(frame);
    if (!parsed.ok) return;
    received.push(parsed.message);
    if (parsed.message.type === "ack") acked = Math.max(acked, parsed.message.payload.seq);
  };
  cleanup.add(() => socket.close());
  socket.send(JSON.stringify({ type: "hello", ts: app.clock.now(), payload: helloOf(host.identity, hello) }));
  const orders = () => received.flatMap((one) => (one.type === "command.run" ? [one.payload] : []));
  return {
    received,
    say(type, payload) {
      said += 1;
      socket.send(JSON.stringify({ type, ts: app.clock.now(), seq: said, payload }));
      return said;
    },
    acknowledged: async () => void (await until(() => acked >= said, { what: `acknowledgement of ${said}` })),
    numbers: () => ({ said, acked }),
    sendText: (frame) => socket.send(frame),
    isClosed: () => socket.isClosed(),
    orders,
    order: (kind) => until(() => orders().findLast((one) => one.kind === kind), { what: `an order to ${kind}` }),
    close: () => socket.close(),
  };
}

/** A job that the host makes up, as if the server had ordered it. */
export function madeUp(kind: JobKind, repoId: string, changes: Partial<JobFields> = {}): JobFields {
  const open = { schedule_id: null, attempt: 1, actor_kind: "system" as const, scheduled_at: null };
  return { job_id: newId(), kind, repo_id: repoId, source_group_id: null, ...open, queued_at: Date.now(), ...changes };
}

export function snapshotRow(at: number, changes: Partial<SnapshotRow> = {}): SnapshotRow {
  return {
    snapshot_id: at.toString(16).padStart(64, "0"),
    time: at,
    utc_offset_minutes: 0,
    hostname: "host",
    username: "root",
    paths: ["/srv"],
    tags: ["default"],
    parent: null,
    program_version: "restic 0.19.1",
    size_bytes: 1000,
    file_count: 3,
    added_bytes: 10,
    ...changes,
  };
}

/** A complete list in one part. */
export function listOf(
  repoId: string,
  snapshots: SnapshotRow[],
  changes: Partial<ToServerPayload<"snapshots.report">> = {},
): ToServerPayload<"snapshots.report"> {
  return { repo_id: repoId, report_id: newId(), taken_at: Date.now(), part: 1, parts: 1, snapshots, ...changes };
}
