/** status: the state of the agent on this machine. */
import { PRODUCT_VERSION } from "../../shared/version.ts";
import { findConfig } from "../config.ts";
import { readStatus } from "../state/status-file.ts";
import { openAgentDbReadonly } from "../store/open.ts";
import { createStore } from "../store/store.ts";
import type { Command, Io } from "./command.ts";
import { type SchedulesAnswer, schedulesInWords, schedulesOf } from "./schedules.ts";

type StatusAnswer = SchedulesAnswer & {
  connected: boolean;
  running: boolean;
  problem: string | null;
  server: string | null;
  host_id: string | null;
  agent_version: string;
  restic_version: string | null;
  state_version: number | null;
  /** The post hook of an interrupted job is running, and jobs wait for it. */
  runs_owed_hook: boolean;
  jobs: { job_id: string; kind: string; status: string }[];
  /** Messages not yet sent to the server. */
  outbox: number;
};

export const statusCommand: Command = {
  name: "status",
  summary: "Show connection, versions, schedules, jobs and unsent messages",
  flags: [{ name: "--json", help: "one line of JSON" }],
  async run(given, io) {
    const answer = collect(io);
    if (given.has("--json")) io.out(JSON.stringify(answer));
    else for (const line of inWords(answer)) io.out(line);
    return 0;
  },
};

function collect(io: Io): StatusAnswer {
  const found = findConfig(io.environment);
  const config = found.found === "ok" ? found.config : null;
  const status = readStatus(io.environment.stateFolder);
  return {
    connected: status?.connected ?? false,
    running: status !== null,
    problem: problemOf(found.found, status),
    server: config?.server ?? null,
    host_id: config?.host_id || null,
    agent_version: status?.agent_version ?? PRODUCT_VERSION,
    restic_version: status?.restic_version ?? null,
    state_version: status?.state_version ?? null,
    runs_owed_hook: status?.runs_owed_hook ?? false,
    ...stored(io),
  };
}

function problemOf(config: "ok" | "missing" | "bad", status: { problem: string | null } | null): string | null {
  if (config === "missing") return "This machine is not enrolled";
  if (config === "bad") return "The configuration cannot be read: run doctor for details";
  return status === null ? "The agent is not running" : status.problem;
}

function stored(io: Io): Pick<StatusAnswer, "jobs" | "outbox"> & SchedulesAnswer {
  const db = openAgentDbReadonly(io.environment.stateFolder);
  if (db === null) return { schedules: [], schedules_rest: null, jobs: [], outbox: 0 };
  try {
    const store = createStore(db);
    const jobs = store.jobs
      .listOpen()
      .map(({ fields, status }) => ({ job_id: fields.job_id, kind: fields.kind, status }));
    return { ...schedulesOf(store, io), jobs, outbox: store.outbox.totals().rows };
  } finally {
    db.close();
  }
}

function inWords(answer: StatusAnswer): string[] {
  const lines = [
    answer.connected ? `Connected to ${answer.server}` : `Not connected${answer.server ? ` to ${answer.server}` : ""}`,
    ...(answer.problem === null ? [] : [`  ${answer.problem}`]),
    `Agent ${answer.agent_version}, restic ${answer.restic_version ?? "unknown"}`,
    `Desired state: ${answer.state_version === null ? "none yet" : `version ${answer.state_version}`}`,
    `Unsent messages: ${answer.outbox}`,
    ...(answer.runs_owed_hook ? ["Running the post hook of an interrupted backup. Jobs wait until it ends"] : []),
    ...schedulesInWords(answer),
  ];
  if (answer.jobs.length === 0) return [...lines, "No jobs"];
  return [
    ...lines,
    "Jobs:",
    ...answer.jobs.map((job) => `  ${job.status.padEnd(8)} ${job.kind.padEnd(10)} ${job.job_id}`),
  ];
}
