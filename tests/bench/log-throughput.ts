// Row: log lines per second that the server stores, acknowledges and delivers to five browsers without loss.
import { join } from "node:path";
import { newId } from "../../shared/ids.ts";
import { SECOND_MS } from "../../shared/time/clock.ts";
import { enrollIdentity } from "../testbed/hosts.ts";
import { signIn, startServer } from "../testbed/server.ts";
import type { JobFields } from "../testbed/simulated-agent.ts";
import { until } from "../testbed/wait.ts";
import type { Follow, FollowReport } from "./log-process.ts";
import { openLogSender } from "./log-sender.ts";
import { processorTime, residentMb } from "./process-cost.ts";
import type { BenchContext, Row } from "./row.ts";

const BROWSERS = 5;
const WARM_UP_MS = 2 * SECOND_MS;
const SEND_MS = 20 * SECOND_MS;

export const logThroughput: Row = {
  name: "log-throughput",
  how: `one agent sends frames of 200 lines for ${SEND_MS / 1000} s, ${BROWSERS} browsers in one other process follow its job`,
  async run(context) {
    const { cleanup } = context;
    const dataDir = join(await cleanup.tempFolder(), "data");
    // What the server can take, not what it lets one host have.
    const env = { RM_LOG_LEVEL: "warn", RM_HOST_MIB_PER_MINUTE: "999999" };
    const server = await startServer({ dataDir, env, checkAnswers: false });
    cleanup.add(() => server.stop());
    const client = await signIn(server);
    const identity = await enrollIdentity(client, { name: "chatty", backupNow: false });
    // The server takes on no job of an agent's own but a scheduled backup.
    const fields: JobFields = {
      job_id: newId(),
      kind: "backup",
      repo_id: identity.repoId,
      source_group_id: identity.groupId,
      schedule_id: identity.scheduleId,
      attempt: 1,
      actor_kind: "schedule",
      scheduled_at: Date.now(),
      queued_at: Date.now(),
    };
    const sender = await openLogSender(server.url, identity, fields);
    cleanup.add(sender.close);
    const jobExists = async () => (await client.request("GET", `/api/jobs/${fields.job_id}`)).status === 200;
    await until(jobExists, { what: "the job's row" });
    const follow = { url: server.url, cookie: client.cookie, jobId: fields.job_id, browsers: BROWSERS };
    const report = followJob(context, follow);
    await until(() => report()?.open === BROWSERS, { what: "five open streams" });

    const warm = await sender.send(WARM_UP_MS);
    const before = processorTime(server.pid).ownMs;
    const { lines, ms } = await sender.send(SEND_MS);
    const sentAt = performance.now();
    const all = warm.lines + lines;
    await until(() => (report()?.slowest ?? 0) >= all, { timeoutMs: 60_000, what: "the last line at every browser" });
    const behindMs = performance.now() - sentAt;
    const busyMs = processorTime(server.pid).ownMs - before;
    sender.finish();
    await until(() => report()?.finished === BROWSERS, { what: "the end of the job at every browser" });
    const job = await client.get<{ log_lines: number }>(`/api/jobs/${fields.job_id}`);
    return [
      {
        what: "lines stored, acknowledged and delivered to all",
        value: lines / ((ms + behindMs) / 1000),
        unit: "/s",
        atLeast: 50_000,
      },
      { what: "lines stored and acknowledged", value: lines / (ms / 1000), unit: "/s" },
      { what: "lines lost in the database", value: all - job.log_lines, unit: "", atMost: 0 },
      { what: "lines lost, doubled or out of order at a browser", value: report()?.breaks ?? -1, unit: "", atMost: 0 },
      { what: "slowest browser is behind the last acknowledgement by", value: behindMs, unit: "ms" },
      { what: "server CPU for 1,000 lines", value: (1000 * busyMs) / lines, unit: "ms" },
      { what: "server RSS afterwards", value: residentMb(server.pid), unit: "MB" },
    ];
  },
};

function followJob({ cleanup }: BenchContext, follow: Follow): () => FollowReport | null {
  let latest: FollowReport | null = null;
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "log-process.ts")], {
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
    ipc(message: FollowReport) {
      latest = message;
    },
  });
  cleanup.add(async () => {
    child.kill("SIGKILL");
    await child.exited;
  });
  child.send(follow);
  return () => latest;
}
