// A server with a fleet of simulated agents connected to it, for the fleet rows.
import { join } from "node:path";
import { type Client, type ServerProcess, signIn, startServer } from "../testbed/server.ts";
import { until } from "../testbed/wait.ts";
import type { Pace } from "./fleet-agent.ts";
import type { FleetReport, StartAgents } from "./fleet-process.ts";
import { seedFleet } from "./fleet-seed.ts";
import type { BenchContext } from "./row.ts";

/** First connections are spread over this long: the row measures a steady fleet, not the enrolment of one. */
const CONNECT_WITHIN_MS = 15_000;
const ALL_ONLINE_WITHIN_MS = 120_000;

export type Fleet = {
  server(): ServerProcess;
  client(): Client;
  report(): FleetReport;
  /** Resolves when every agent has been welcomed. */
  allOnline(): Promise<void>;
  /** Stops the server in order and starts it again on the same port and data. @returns when SIGTERM was sent, by performance.now() */
  restart(): Promise<number>;
};

export type FleetOptions = { hosts: number; pace: Pace; env?: Record<string, string> };

export async function startFleet(
  { cleanup, say }: BenchContext,
  { hosts, pace, env = {} }: FleetOptions,
): Promise<Fleet> {
  const dataDir = join(await cleanup.tempFolder(), "data");
  const settings = { RM_LOG_LEVEL: "warn", ...env };
  const first = await startServer({ dataDir, env: settings, checkAnswers: false });
  await signIn(first);
  await first.stop();
  const identities = await seedFleet(dataDir, hosts);
  say(`${hosts} hosts are in the database`);

  let server = await startServer({ dataDir, env: settings, checkAnswers: false });
  cleanup.add(() => server.stop());
  let client = await signIn(server);
  const { port } = server;
  const agents = startAgents({ url: server.url, identities, pace, withinMs: CONNECT_WITHIN_MS });
  cleanup.add(agents.stop);

  const allOnline = async () => {
    await until(() => agents.report().online === hosts, {
      timeoutMs: ALL_ONLINE_WITHIN_MS,
      everyMs: 50,
      what: `all ${hosts} agents online`,
    });
  };
  await allOnline();
  say("all agents are online");
  return {
    server: () => server,
    client: () => client,
    report: agents.report,
    allOnline,
    async restart() {
      const at = performance.now();
      await server.stop();
      say(`the server stopped within ${Math.round(performance.now() - at)} ms`);
      server = await startServer({ dataDir, port, env: settings, checkAnswers: false });
      client = await signIn(server);
      return at;
    },
  };
}

function startAgents(start: StartAgents) {
  let latest: FleetReport = { online: 0, drops: 0, backups: 0 };
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "fleet-process.ts")], {
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
    ipc(message: FleetReport) {
      latest = message;
    },
  });
  child.send(start);
  return {
    report: () => latest,
    async stop() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}
