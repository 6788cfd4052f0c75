// A host of the simulated year: backs up, follows the server's maintenance orders, and keeps its list of snapshots.
import { createHash } from "node:crypto";
import { updateHost } from "../../db/queries/hosts.ts";
import { updateRepo } from "../../db/queries/repos.ts";
import { listSchedules } from "../../db/queries/schedules.ts";
import { newId } from "../../shared/ids.ts";
import type { SnapshotRow } from "../../shared/protocol/fields.ts";
import { type CommandRun, parseToAgent } from "../../shared/protocol/to-agent.ts";
import type { ToServerPayload, ToServerType } from "../../shared/protocol/to-server.ts";
import { HOUR_MS } from "../../shared/time/clock.ts";
import { PASSWORD, type Person, signInAs, type TestApp } from "../testbed/app.ts";
import { enrollHost, type Identity, jsonClient } from "../testbed/hosts.ts";
import { helloOf, type JobFields } from "../testbed/simulated-agent.ts";

const LINES_A_JOB = 20;
const JOB_MS = 4 * 60_000;
/** As {@link RUNS} says. */
export const RUN_EVERY_MS = 12 * HOUR_MS;
const RUNS = "0 */12 * * *";

export type YearAgent = {
  beat(): void;
  /** A scheduled backup, from its beginning to its end. */
  backUp(): void;
  /** Jobs of all kinds so far. */
  jobs(): number;
};

let admin: Promise<Person> | null = null;

/** Makes a host by REST with a ready repo that may be pruned, and connects it. */
export async function enrollInside(app: TestApp, name: string): Promise<YearAgent> {
  admin ??= signInAs(app, "admin");
  const person = await admin;
  const { call } = jsonClient(app, person);
  const { identity } = await enrollHost(app, person, { name, backupNow: false });
  const { hostId, groupId, repoId } = identity;
  app.clock.move(3_000);
  const [schedule] = listSchedules(app.db, hostId);
  if (!schedule) throw new Error("the host has no schedule");
  const cron = { cron: RUNS, timezone: null, splay_minutes: 0, enabled: true, source_group_ids: [groupId] };
  await call("PUT", `/api/hosts/${hostId}/schedules/${schedule.id}`, cron);
  // Without the right to delete nothing would ever be forgotten.
  const deleting = { http_username: "prune", http_password: PASSWORD };
  await call("PUT", `/api/repos/${repoId}/credentials/admin`, deleting);
  const resticId = createHash("sha256").update(hostId).digest("hex");
  updateRepo(app.db, repoId, { status: "ready", resticId, appendOnly: "not_applicable" });
  updateHost(app.db, hostId, { backupWhenReady: false });
  const socket = await app.connect("/ws/agent", { authorization: `Bearer ${identity.token}` });
  return speak(app, socket, identity, schedule.id, name);
}

function speak(
  app: TestApp,
  socket: Awaited<ReturnType<TestApp["connect"]>>,
  identity: Identity,
  scheduleId: string,
  name: string,
): YearAgent {
  const { groupId, repoId } = identity;
  const now = app.clock.now;
  let seq = 0;
  let jobs = 0;
  let snapshots: SnapshotRow[] = [];
  const send = <T extends ToServerType>(type: T, payload: ToServerPayload<T>, isDurable = true) =>
    socket.send(JSON.stringify({ type, ts: now(), ...(isDurable ? { seq: ++seq } : {}), payload }));

  const run = (fields: JobFields, stats: Record<string, number>, during: () => void) => {
    jobs++;
    const startedAt = now() - JOB_MS;
    send("job.queued", fields);
    send("job.started", { ...fields, started_at: startedAt, restic_version: "0.19.1" });
    const lines = Array.from({ length: LINES_A_JOB }, (_, index) => ({
      seq: index + 1,
      ts: startedAt + index,
      stream: "stdout" as const,
      payload: `${index} of ${LINES_A_JOB}: what restic says about /srv/data/folder-${index}, in the usual length of a line`,
    }));
    send("log.stream", { job_id: fields.job_id, lines });
    during();
    const end = { exit_code: 0, warnings: 0, stats, error_code: null, error_message: null };
    send("job.finished", { ...fields, status: "succeeded", ...end, started_at: startedAt, finished_at: now() });
  };

  const addSnapshot = () => {
    const id = createHash("sha256").update(newId()).digest("hex");
    const sizes = { size_bytes: 5e9, file_count: 40_000, added_bytes: 2e7 };
    const row = {
      username: "root",
      paths: ["/srv"],
      tags: ["default"],
      parent: null,
      program_version: "restic 0.19.1",
    };
    const snapshot: SnapshotRow = {
      snapshot_id: id,
      time: now(),
      utc_offset_minutes: 0,
      hostname: name,
      ...row,
      ...sizes,
    };
    snapshots.push(snapshot);
    send("snapshots.added", { repo_id: repoId, snapshots: [snapshot] });
  };

  const obey = (order: CommandRun) => {
    const fields: JobFields = {
      job_id: order.job_id,
      kind: order.kind,
      repo_id: order.repo_id,
      source_group_id: null,
      schedule_id: null,
      attempt: 1,
      actor_kind: order.actor_kind,
      scheduled_at: null,
      queued_at: order.queued_at,
    };
    run(fields, {}, () => {
      if (order.kind !== "forget") return;
      const gone = new Set(order.args.groups.flatMap(({ remove }) => remove));
      snapshots = snapshots.filter(({ snapshot_id }) => !gone.has(snapshot_id));
      report();
    });
  };

  /** Whatever it takes it ends at once: what is cancelled has never come. */
  const callOff = (job: JobFields) => {
    const how = { exit_code: null, warnings: 0, stats: null, error_code: null, error_message: null, started_at: null };
    send("job.finished", { ...job, status: "cancelled", ...how, finished_at: now() });
  };

  socket.onFrame = (frame) => {
    const parsed = parseToAgent(frame);
    if (!parsed.ok) return;
    const { type, payload } = parsed.message;
    if (type === "state.set")
      send("state.ack", { state_version: payload.state_version, digest: payload.digest, errors: [] }, false);
    if (type === "command.run") obey(payload);
    if (type === "command.cancel" && payload.job) callOff(payload.job);
  };
  const report = () => {
    const whole = { repo_id: repoId, report_id: newId(), taken_at: now(), part: 1, parts: 1 };
    send("snapshots.report", { ...whole, snapshots });
  };
  send("hello", helloOf(identity), false);
  // As after the first backup and once a day: no policy is carried out before the list is known.
  report();

  return {
    jobs: () => jobs,
    beat: () =>
      send(
        "heartbeat",
        { running_job_ids: [], queued_jobs: 0, outbox_pending: 0, load: 0, uptime_s: 1, free_bytes_state: null },
        false,
      ),
    backUp() {
      const dueAt = Math.floor(now() / RUN_EVERY_MS) * RUN_EVERY_MS;
      const fields: JobFields = {
        job_id: newId(),
        kind: "backup",
        repo_id: repoId,
        source_group_id: groupId,
        schedule_id: scheduleId,
        attempt: 1,
        actor_kind: "schedule",
        scheduled_at: dueAt,
        queued_at: now() - JOB_MS,
      };
      run(fields, { data_added: 2e7, total_files_processed: 40_000 }, addSnapshot);
    },
  };
}
