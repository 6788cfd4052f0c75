/** Handles each type of message from the server; the type makes sure that none is missing. */
import * as v from "valibot";
import { JOB_KINDS } from "../../shared/jobs.ts";
import type { Log } from "../../shared/log.ts";
import { id, time } from "../../shared/protocol/fields.ts";
import type { ToAgent, ToAgentPayload } from "../../shared/protocol/to-agent.ts";
import type { ToServerPayload } from "../../shared/protocol/to-server.ts";
import type { Queue } from "../jobs/queue.ts";
import { unstartedEnd } from "../jobs/unstarted-end.ts";
import type { Outbox } from "../outbox/outbox.ts";
import type { TreePage } from "../restic/tree.ts";
import type { DesiredStateHolder } from "../state/desired-state.ts";

export type DispatcherDeps = {
  outbox: Outbox;
  queue: Queue;
  state: DesiredStateHolder;
  readTree(request: ToAgentPayload<"tree.list">): Promise<TreePage>;
  send: {
    stateAck(ack: ToServerPayload<"state.ack">): void;
    treePage(page: TreePage, id: string): void;
    error(code: string, message: string, id?: string): void;
  };
  now(): number;
  log: Log;
};

/** The fields that identify an order's job, whatever else its kind needs. */
const anyOrder = v.object({
  type: v.literal("command.run"),
  payload: v.object({
    job_id: id,
    kind: v.picklist(JOB_KINDS),
    repo_id: v.nullable(id),
    actor_kind: v.picklist(["user", "schedule", "system"]),
    queued_at: time,
  }),
});

export function createDispatcher(deps: DispatcherDeps) {
  return {
    received(message: ToAgent): void {
      switch (message.type) {
        case "ack":
          deps.outbox.acknowledge(message.payload.seq);
          return;
        case "state.set":
          deps.send.stateAck(deps.state.apply(message.payload));
          deps.queue.nudge();
          return;
        case "command.run":
          deps.queue.accept(message.payload);
          return;
        case "command.cancel":
          deps.queue.cancel(message.payload.job_id, message.payload.job ?? null);
          return;
        case "command.update":
          refuseUpdate(message.payload.job_id);
          return;
        case "tree.list":
          answerTree(message.payload, message.id);
          return;
        case "welcome":
        case "heartbeat.ack":
        case "error":
          // The connection has handled these.
          return;
        default:
          message satisfies never;
      }
    },
    /** Refuses an order of an unknown, newer kind, so that its job ends; reports anything else as an error. */
    garbled(frame: string, field: string): void {
      deps.log.warn("Received an invalid message from the server", { field });
      const order = v.safeParse(anyOrder, parseQuietly(frame));
      if (!order.success) {
        deps.send.error("bad_message", `${field} is not valid`);
        return;
      }
      const { job_id, kind, repo_id, actor_kind, queued_at } = order.output.payload;
      refuse(
        { job_id, kind, repo_id, actor_kind, queued_at },
        "This agent does not support this kind of job yet: update it",
      );
    },
  };

  function answerTree(request: ToAgentPayload<"tree.list">, id: string | undefined): void {
    if (id === undefined) {
      deps.send.error("bad_message", "id is missing");
      return;
    }
    void deps.readTree(request).then((page) => deps.send.treePage(page, id));
  }

  function refuseUpdate(jobId: string): void {
    const at = deps.now();
    refuse(
      { job_id: jobId, kind: "update", repo_id: null, actor_kind: "system", queued_at: at },
      "This agent does not update itself yet: run the install command again on this host",
    );
  }

  function refuse(
    fields: Pick<ToServerPayload<"job.finished">, "job_id" | "kind" | "repo_id" | "actor_kind" | "queued_at">,
    message: string,
  ): void {
    const whole = { ...fields, source_group_id: null, schedule_id: null, attempt: 1, scheduled_at: null };
    const how = { status: "failed", error_code: "refused_by_host", error_message: message } as const;
    deps.outbox.put([{ type: "job.finished", payload: unstartedEnd(whole, deps.now(), how) }]);
  }
}

function parseQuietly(frame: string): unknown {
  try {
    return JSON.parse(frame);
  } catch {
    return null;
  }
}
