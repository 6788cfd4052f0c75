/** `npm run demo`: sets up server, repository, admin and this machine as a host, makes real backups, then keeps serving. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { versionOfBuild, writeVersion } from "../../agent/build/version.ts";
import { SETTINGS } from "../../server/runtime/config-table.ts";
import { type AgentProcess, agentIn } from "../testbed/agent.ts";
import { ensureDist, MACHINE_PLATFORM } from "../testbed/dist.ts";
import { signIn, startServer } from "../testbed/server.ts";
import { backUp, enrollHost, maintainOnce } from "./host.ts";
import { openRepository } from "./repository.ts";

const REPOSITORY = resolve(import.meta.dir, "../..");
const DEFAULT_PORT = 8080;

/** `port` is null when it was not given: then RM_LISTEN counts. */
type Options = { data: string; port: number | null; json: boolean };
type SignIn = { username: string; password: string };

const options = readOptions();
const say = (line: string) => (options.json ? process.stderr : process.stdout).write(`${line}\n`);
process.exitCode = await demo(options).catch((error: unknown) => {
  process.stderr.write(`The demo failed: ${error instanceof Error ? error.message : error}\n`);
  return 1;
});

async function demo({ data, port, json }: Options): Promise<number> {
  const settings = serverSettings(port);
  if (settings["RM_TLS_CERT"])
    throw new Error("The demo has no TLS of its own. Put a proxy before it, with RM_BASE_URL and RM_TRUSTED_PROXY.");
  mkdirSync(data, { recursive: true });
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => resolve());
  });
  say("Building the agent and fetching restic (quick the second time)…");
  writeVersion(join(REPOSITORY, "dist"), versionOfBuild(REPOSITORY));
  const dist = await ensureDist({ say });
  const repository = await openRepository(data);
  const closing: (() => Promise<unknown>)[] = [repository.close];
  try {
    const server = await startServer({
      dataDir: join(data, "server"),
      port: port ?? DEFAULT_PORT,
      env: { RM_DIST_DIR: dist.folder, RM_LOG_LEVEL: "warn", ...settings },
      checkAnswers: false,
    });
    closing.push(server.stop);
    const url = localUrl(server.url, settings, port);
    const who = knownSignIn(join(data, "sign-in.json"));
    const client = await signIn({ ...server, url }, who);
    const program = agentIn({
      home: join(data, "agent"),
      restic: null,
      binary: dist.agents[MACHINE_PLATFORM] ?? "",
      env: { PATH: process.env["PATH"] ?? "" },
    });
    const { hostId, isNew } = await enrollHost(client, url, program, repository);
    const agent: AgentProcess = program.start();
    closing.push(agent.stop);
    say("The agent is running; waiting for its backups…");
    const job = await Promise.race([backUp(client, hostId, isNew), interrupted]);
    if (!job) return 0;
    if (isNew && repository.deletingUrl("demo") !== null) {
      say("Pruning and checking the repository once…");
      await Promise.race([maintainOnce(client, hostId), interrupted]);
    }
    const facts = { url: server.url, ...who, host_id: hostId, job_id: job.id };
    if (json) process.stdout.write(`${JSON.stringify(facts)}\n`);
    else
      say(
        `\nThe backups have succeeded. Look at them:\n\n  ${server.url}\n  user      ${who.username}\n  password  ${who.password}\n\nCtrl-C ends the demo; everything is in ${data}.`,
      );
    await interrupted;
    return 0;
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      data: { type: "string", default: join(REPOSITORY, "data/demo") },
      port: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  return {
    data: resolve(values.data),
    port: values.port === undefined ? null : Number(values.port),
    json: values.json,
  };
}

/** What the environment says about the server; its folder and, where given, its port are the demo's to say. */
function serverSettings(port: number | null): Record<string, string> {
  const ours = new Set(["RM_DATA_DIR", ...(port === null ? [] : ["RM_LISTEN"])]);
  return Object.fromEntries(
    SETTINGS.flatMap(({ name }) => {
      const value = process.env[name];
      return value && !ours.has(name) ? [[name, value]] : [];
    }),
  );
}

/** Where this machine reaches the server, which announces RM_BASE_URL where that is set. */
function localUrl(announced: string, settings: Record<string, string>, port: number | null): string {
  if (!settings["RM_BASE_URL"]) return announced;
  const listens = port ?? Number(/:(\d+)$/.exec(settings["RM_LISTEN"] ?? "")?.[1] ?? DEFAULT_PORT);
  return `http://127.0.0.1:${listens}`;
}

/** The same name and password at every start of the same demo. */
function knownSignIn(path: string): SignIn {
  if (existsSync(path)) return JSON.parse(readFileSync(path, "utf8")) as SignIn;
  const password = `demo-${Buffer.from(crypto.getRandomValues(new Uint8Array(9))).toString("base64url")}`;
  const made = { username: "demo", password };
  writeFileSync(path, JSON.stringify(made), { mode: 0o600 });
  return made;
}
