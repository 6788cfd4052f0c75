/** Marker secrets pass through the whole product, then every file, argument list, log, page, REST answer and audit row is searched for them. */
import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { agentIn } from "../testbed/agent.ts";
import { startRestServer } from "../testbed/rest-server.ts";
import { signIn, startServer } from "../testbed/server.ts";
import { createCleanup } from "../testbed/temp.ts";
import { ensureTools } from "../testbed/tools.ts";
import { until } from "../testbed/wait.ts";

const cleanup = createCleanup();
afterAll(cleanup.run, 30_000);

const SECRETS = {
  http: 'http "marker" ä/+ 8f1c7a',
  repo: "repo marker ö&= 77b02d",
  wrong: "wrong marker ü? 5d20aa",
  admin: "admin marker word 61f9",
};

/** The forms in which a secret leaks. */
function formsOf(secret: string): string[] {
  const base64 = Buffer.from(secret).toString("base64").replace(/=+$/, "");
  return [
    secret,
    base64,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    secret.replaceAll('"', "&quot;").replaceAll("&", "&amp;"),
  ];
}

function leaksIn(text: string, known: Record<string, string>): string[] {
  return Object.entries(known).flatMap(([name, secret]) =>
    formsOf(secret).some((form) => text.includes(form)) ? [name] : [],
  );
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

test("no secret is found outside its sealed place", async () => {
  const tools = await ensureTools(["restic-0.19", "rest-server"]);
  const rest = await startRestServer({ root: await cleanup.tempFolder(), appendOnly: true });
  cleanup.add(() => rest.close());
  const dataDir = join(await cleanup.tempFolder(), "data");
  const server = await startServer({ dataDir, env: { RM_LOG_LEVEL: "debug" } });
  cleanup.add(async () => void (await server.stop()));
  const client = await signIn(server, { username: "mara", password: SECRETS.admin });
  const home = await cleanup.tempFolder();
  const source = join(home, "source");
  mkdirSync(source);
  writeFileSync(join(source, "file"), "content");
  const seen = join(home, "seen-by-restic");
  const wrapper = join(home, "wrapper");
  writeFileSync(
    wrapper,
    `#!/bin/sh\nprintf '%s\\n' "$*" >> '${seen}'\nps -eo args >> '${seen}'\nexec '${tools["restic-0.19"]}' "$@"\n`,
  );
  chmodSync(wrapper, 0o755);

  await rest.addUser("web-01", SECRETS.http);
  const made = await client.post<{ token: string }>("/api/enrollment-tokens", {
    host_name: "web-01",
    includes: [source],
    repo: {
      kind: "rest",
      url: `http://127.0.0.1:${rest.port}/web-01/`,
      http_password: SECRETS.http,
      repo_password: SECRETS.repo,
    },
  });
  const program = agentIn({ home, restic: wrapper });
  await program.enroll(server.url, made.token);
  const agent = program.start();
  cleanup.add(async () => void (await agent.stop()));
  const hosts = await client.get<{ items: { id: string; repos: { id: string }[]; source_groups: { id: string }[] }[] }>(
    "/api/hosts",
  );
  const host = hosts.items[0];
  if (!host) throw new Error("no host");
  const jobs = () =>
    client.get<{ items: { id: string; kind: string; status: string; args?: unknown }[] }>(
      `/api/jobs?host_id=${host.id}`,
    );
  await until(async () => (await jobs()).items.some((job) => job.kind === "backup" && job.status === "succeeded"), {
    timeoutMs: 40_000,
    what: "the first backup",
  });

  // A credential that fails, too: errors are where secrets like to slip out.
  const changed = await client.request("PUT", `/api/repos/${host.repos[0]?.id}/credentials/everyday`, {
    http_password: SECRETS.wrong,
  });
  expect(changed.status).toBe(200);
  await until(
    async () =>
      (await client.get<{ trial_error: string | null }>(`/api/repos/${host.repos[0]?.id}/credentials/everyday`))
        .trial_error !== null,
    {
      timeoutMs: 30_000,
      what: "the refused trial",
    },
  );
  expect((await client.request("POST", "/api/auth/login", { username: "mara", password: SECRETS.wrong })).status).toBe(
    401,
  );

  const agentToken =
    /^agent_token:\s*"?([^"\s]+)/m.exec(readFileSync(join(home, "config/agent.yaml"), "utf8"))?.[1] ?? "";
  expect(agentToken.length).toBeGreaterThan(40);
  const known = {
    ...SECRETS,
    enrollment: made.token,
    agent: agentToken,
    session: client.cookie.replace("rm_session=", ""),
  };

  const jobIds = (await jobs()).items.map((job) => job.id);
  const pages = [
    ...["/", "/repos", "/jobs", "/audit", "/hosts/new", "/settings/account"],
    ...["", "/sources", "/repos", "/jobs", "/settings", `/repos/${host.repos[0]?.id}`].map(
      (tail) => `/hosts/${host.id}${tail}`,
    ),
    ...jobIds.flatMap((id) => [
      `/jobs/${id}`,
      `/api/jobs/${id}`,
      `/api/jobs/${id}/log.txt`,
      `/api/jobs/${id}/log.ndjson`,
    ]),
    ...[
      "/api/hosts",
      "/api/repos",
      "/api/audit?limit=500",
      "/api/enrollment-tokens",
      "/api/me",
      "/agent/manifest.json",
      "/install.sh",
    ],
    ...[`/api/repos/${host.repos[0]?.id}/credentials/everyday`, `/api/hosts/${host.id}/source-groups`],
  ];
  for (const path of pages) {
    const answer = await fetch(server.url + path, { headers: { cookie: client.cookie } });
    expect(answer.status, path).toBe(200);
    expect({ path, leaks: leaksIn(await answer.text(), known) }).toEqual({ path, leaks: [] });
  }
  // Nothing is written or taken away any more while files are read.
  await agent.stop();
  expect(leaksIn(server.log(), known)).toEqual([]);
  expect(leaksIn(agent.log(), known)).toEqual([]);
  expect(leaksIn(readFileSync(seen, "utf8"), known)).toEqual([]);
  for (const path of [...filesBelow(dataDir), ...filesBelow(join(home, "state"))]) {
    expect({ path: relative(home, path), leaks: leaksIn(readFileSync(path, "latin1"), latin1(known)) }).toEqual({
      path: relative(home, path),
      leaks: [],
    });
  }
  expect(leaksIn(readFileSync(join(home, "config/agent.yaml"), "utf8"), known)).toEqual(["agent"]);
}, 100_000);

/** Files are read byte by byte: UTF-8 secrets look like this then. */
function latin1(known: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(known).map(([name, secret]) => [name, Buffer.from(secret, "utf8").toString("latin1")]),
  );
}
