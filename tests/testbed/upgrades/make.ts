/**
 * Makes an upgrade fixture: `bun tests/testbed/upgrades/make.ts NAME [CHECKOUT]` starts server and agent of that
 * checkout (default: this one), lets them do what the version can do, stops them, and packs what they leave behind.
 */
import { Database } from "bun:sqlite";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { runCommand } from "../command.ts";
import { collect } from "../output.ts";
import { quietPort } from "../ports.ts";
import { startRestServer } from "../rest-server.ts";
import { type Client, signIn } from "../server.ts";
import { ensureTool } from "../tools.ts";
import { until } from "../wait.ts";
import { FIXTURE_ADMIN, FIXTURE_HOST, FIXTURE_MACHINE, pack } from "./fixture.ts";

/** The same everywhere: it is in the snapshots. */
const FOLDER = "/tmp/rm-upgrade-fixture";

const [name = "", checkout = resolve(import.meta.dir, "../../..")] = process.argv.slice(2);
if (!/^\d+\.\d+\.\d+/.test(name)) throw new Error("usage: make.ts NAME [CHECKOUT], with a name such as 0.1.0");
rmSync(FOLDER, { recursive: true, force: true });
const home = join(FOLDER, "agent");
const documents = join(FOLDER, "documents");
const bin = join(FOLDER, "bin");
for (const folder of [home, join(FOLDER, "home"), documents, bin]) mkdirSync(folder, { recursive: true });
writeFileSync(join(documents, "letter.txt"), "Dear reader,\n");
writeFileSync(join(documents, "accounts.csv"), "date;amount\n2026-11-20;12.50\n");
symlinkSync(await ensureTool("restic-0.19"), join(bin, "restic"));

const rest = await startRestServer({ root: join(FOLDER, "repository"), appendOnly: true });
const server = await startProduct();
const client = await signIn(server, FIXTURE_ADMIN);
const agentEnv = {
  PATH: `${bin}:/usr/bin:/bin`,
  HOME: join(FOLDER, "home"),
  RM_AGENT_CONFIG: join(home, "config"),
  RM_AGENT_STATE: join(home, "state"),
};
const agent = await startAgent(client);
const host = await until(
  async () => (await client.get<Items<{ id: string }>>("/api/hosts")).items[0],
  wait("the host"),
);
await backups(1);
for (const step of furtherSteps(host.id)) await step().catch((error: unknown) => console.log(`left out: ${error}`));
writeFileSync(join(documents, "letter.txt"), "Dear reader,\nthis is new.\n");
const { source_groups } = await client.get<{ source_groups: { id: string }[] }>(`/api/hosts/${host.id}`);
await client.post(`/api/hosts/${host.id}/source-groups/${source_groups[0]?.id}/run`);
await backups(2);
await until(async () => {
  const { items } = await client.get<Items<unknown>>("/api/jobs?status=running");
  const { items: queued } = await client.get<Items<unknown>>("/api/jobs?status=queued");
  return items.length + queued.length === 0;
}, wait("an idle host"));
agent.kill("SIGTERM");
await agent.exited;
server.child.kill("SIGTERM");
await server.child.exited;
await rest.close();
forgetThisMachine();
for (const path of ["agent/state/cache", "agent/state/bin", "data/backups", "data/dist", "repository/.listeners"])
  rmSync(join(FOLDER, path), { recursive: true, force: true });
const size = await pack(FOLDER, name);
rmSync(FOLDER, { recursive: true, force: true });
console.log(`${name}: ${(size / 1024).toFixed(0)} KiB`);

type Items<T> = { items: T[]; total: number };

function wait(what: string) {
  return { timeoutMs: 120_000, everyMs: 200, what };
}

async function startProduct() {
  const port = await quietPort();
  const child = Bun.spawn([process.execPath, join(checkout, "server/main.ts")], {
    cwd: checkout,
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: join(FOLDER, "home"),
      RM_LISTEN: `127.0.0.1:${port}`,
      RM_DATA_DIR: join(FOLDER, "data"),
    },
    stdout: "pipe",
    stderr: "pipe",
  });
  const { said } = collect(child.stdout, child.stderr);
  const setupToken = await until(async () => /setup=(\S+)/.exec(said())?.[1], wait("the setup token"));
  return { child, url: `http://127.0.0.1:${port}`, setupToken };
}

async function startAgent(admin: Client) {
  const httpPassword = "of the fixture alone 1";
  await rest.addUser(FIXTURE_HOST, httpPassword);
  const { token } = await admin.post<{ token: string }>("/api/enrollment-tokens", {
    host_name: FIXTURE_HOST,
    tags: ["prod"],
    includes: [documents],
    backup_now: true,
    repo: {
      kind: "rest",
      url: rest.url(FIXTURE_HOST, "main"),
      http_username: FIXTURE_HOST,
      http_password: httpPassword,
      repo_password: "of the fixture alone 2",
    },
  });
  const program = [process.execPath, join(checkout, "agent/main.ts")];
  const env = { ...agentEnv, RM_TOKEN: token };
  const enrolled = await runCommand([...program, "enroll", "--server", server.url], { env, cleanEnv: true });
  if (enrolled.code !== 0) throw new Error(`enroll: ${enrolled.stdout}${enrolled.stderr}`);
  const child = Bun.spawn([...program, "run"], { env: agentEnv, stdout: "pipe", stderr: "pipe" });
  collect(child.stdout, child.stderr);
  return child;
}

async function backups(count: number): Promise<void> {
  await until(
    async () => {
      const { items } = await client.get<Items<{ status: string; error_message: string | null }>>(
        "/api/jobs?kind=backup&limit=50",
      );
      const failed = items.find((job) => job.status === "failed");
      if (failed) throw new Error(`a backup failed: ${failed.error_message}`);
      return items.filter((job) => job.status === "succeeded").length >= count;
    },
    wait(`backup ${count}`),
  );
}

/** What older versions cannot do is left out. */
function furtherSteps(hostId: string): (() => Promise<unknown>)[] {
  const groups = `/api/hosts/${hostId}/source-groups`;
  return [
    () => {
      const group = { name: "accounts", includes: [join(documents, "accounts.csv")] };
      return client
        .post(groups, { ...group, retention: { keep_within: "30d" } })
        .catch(() => client.post(groups, group));
    },
    async () => {
      const { items } = await client.get<Items<{ id: string }>>(groups);
      const body = { cron: "0 2 * * *", source_group_ids: items.map(({ id }) => id) };
      return await client.post(`/api/hosts/${hostId}/schedules`, body);
    },
    () => client.call("PUT", `/api/hosts/${hostId}/hooks`, { pre: "true", post: null }),
    async () => {
      const { items } = await client.get<Items<{ id: string }>>("/api/repos");
      return await client.call("PUT", `/api/repos/${items[0]?.id}/credentials/admin`, {
        http_password: "of the fixture alone 3",
      });
    },
    () => client.post("/api/enrollment-tokens", { host_name: "web-02", repo: { url: rest.url("web-02", "main") } }),
  ];
}

/** Replaces the machine's name and id wherever they were stored. */
function forgetThisMachine(): void {
  const config = join(home, "config/agent.yaml");
  const yaml = readFileSync(config, "utf8");
  const machine = (Bun.YAML.parse(yaml) as { machine_id: string }).machine_id;
  writeFileSync(config, yaml.replaceAll(machine, FIXTURE_MACHINE), { mode: 0o600 });
  for (const path of ["data/restic-manager.db", "agent/state/agent.db"]) {
    const file = join(FOLDER, path);
    if (!existsSync(file)) continue;
    const db = new Database(file);
    const columns = db
      .query<{ t: string; c: string }, []>(
        `SELECT m.name AS t, p.name AS c FROM sqlite_schema m JOIN pragma_table_info(m.name) p
         WHERE m.type = 'table' AND upper(p.type) = 'TEXT'`,
      )
      .all();
    for (const { t, c } of columns) {
      const replace = (from: string, to: string) =>
        db.run(`UPDATE "${t}" SET "${c}" = replace("${c}", ?, ?) WHERE instr("${c}", ?) > 0`, [from, to, from]);
      replace(machine, FIXTURE_MACHINE);
      // A short name may be part of anything, such as a sealed secret: only whole values count, and JSON's.
      replace(`"${hostname()}"`, `"${FIXTURE_HOST}"`);
      db.run(`UPDATE "${t}" SET "${c}" = ? WHERE "${c}" = ?`, [FIXTURE_HOST, hostname()]);
    }
    db.run("PRAGMA wal_checkpoint(TRUNCATE)");
    db.run("VACUUM");
    db.close();
  }
}
