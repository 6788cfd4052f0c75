/** Enrolment against a real HTTP server, and downloading the server's restic by its signed manifest. */
import { afterEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newId } from "../../shared/ids.ts";
import { silentLog } from "../../shared/log.ts";
import type { EnrollRequest, ManifestFile } from "../../shared/protocol/enrollment.ts";
import { systemClock } from "../../shared/time/clock.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { findConfig, readEnvironment } from "../config.ts";
import { fetchRestic } from "../link/server-files.ts";
import { createTrust } from "../link/trust.ts";
import { createResticFinder } from "../restic/binary.ts";
import { certificate } from "../testing/certificate.ts";
import { runAgentCli } from "../testing/cli.ts";
import { makeSigningKey, offerRestic } from "../testing/offered-restic.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

async function machine(token: string | null = "the one-time token") {
  const folder = await cleanup.tempFolder();
  const environment = readEnvironment({
    RM_AGENT_CONFIG: join(folder, "config"),
    RM_AGENT_STATE: join(folder, "state"),
    PATH: join(folder, "path"),
    ...(token ? { RM_TOKEN: token } : {}),
  });
  const run = (...args: string[]) => runAgentCli(environment, ...args);
  const config = () => {
    const found = findConfig(environment);
    return found.found === "ok" ? found.config : null;
  };
  return { folder, environment, run, config };
}

/** Takes every machine as a host, one host for each agent token, unless told to fail. */
function enroller(tls?: { cert: string; key: string; pin: string }) {
  const requests: EnrollRequest[] = [];
  const hosts = new Map<string, string>();
  const behaviour = { loseAnswer: false, refuse: null as null | { status: number; body: unknown } };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    ...(tls ? { tls: { cert: tls.cert, key: tls.key } } : {}),
    async fetch(request) {
      const body = (await request.json()) as EnrollRequest;
      requests.push(body);
      if (behaviour.refuse) return Response.json(behaviour.refuse.body, { status: behaviour.refuse.status });
      const hostId = hosts.get(body.agent_token_hash) ?? newId();
      hosts.set(body.agent_token_hash, hostId);
      if (behaviour.loseAnswer) return new Response("lost", { status: 502 });
      return Response.json(
        {
          host_id: hostId,
          host_name: "web-01",
          server_url: "http://elsewhere",
          cert_pin: tls?.pin ?? null,
          update_keys: ["{}"],
        },
        { status: 201 },
      );
    },
  });
  cleanup.add(() => server.stop(true));
  return { url: `${tls ? "https" : "http"}://127.0.0.1:${server.port}`, requests, behaviour };
}

describe("enroll", () => {
  test("creates its own token, sends only its hash, and keeps everything in a file for its owner only", async () => {
    const { run, config, environment } = await machine();
    const server = enroller();
    const done = await run("enroll", "--server", `${server.url}/`);
    expect(done).toMatchObject({ code: 0, err: "" });
    const stored = config()!;
    expect(stored).toMatchObject({ server: server.url, host_name: "web-01", allow_hooks: true });
    expect(Buffer.from(stored.agent_token, "base64url")).toHaveLength(32);
    const [request] = server.requests;
    expect(request!.agent_token_hash).toBe(createHash("sha256").update(stored.agent_token).digest("hex"));
    expect(JSON.stringify(request)).not.toContain(stored.agent_token);
    expect(statSync(join(environment.configFolder, "agent.yaml")).mode & 0o777).toBe(0o600);
    expect(done.out).not.toContain(stored.agent_token);
  });

  test("a lost answer costs nothing: the same request again, the same host", async () => {
    const { run, config, environment } = await machine();
    const server = enroller();
    server.behaviour.loseAnswer = true;
    expect(await run("enroll", "--server", server.url)).toMatchObject({ code: 1 });
    expect(config()).toBeNull();
    server.behaviour.loseAnswer = false;
    expect(await run("enroll", "--server", server.url)).toMatchObject({ code: 0 });
    const first = config();
    expect(await run("enroll", "--server", server.url)).toMatchObject({ code: 0 });
    expect(config()).toEqual(first);
    expect(server.requests[1]).toEqual(server.requests[0]!);
    expect(server.requests[2]).toEqual(server.requests[0]!);
    expect(existsSync(join(environment.configFolder, "enrolling.json"))).toBe(false);
  });

  test("a refused try leaves a working enrolment as it is", async () => {
    const { run, config, environment } = await machine();
    const server = enroller();
    await run("enroll", "--server", server.url);
    const before = config();
    server.behaviour.refuse = { status: 401, body: { error: { code: "token_invalid", message: "no" } } };
    environment.token = "another token";
    const refused = await run("enroll", "--server", server.url);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain("has expired");
    expect(config()).toEqual(before);
  });

  test("a new token makes a new agent token and forgets the state of the former host", async () => {
    const { run, config, environment } = await machine();
    const server = enroller();
    await run("enroll", "--server", server.url);
    const before = config()!;

    mkdirSync(environment.stateFolder, { recursive: true });
    writeFileSync(join(environment.stateFolder, "agent.db"), "of the former host");
    environment.token = "another token";
    await run("enroll", "--server", server.url);
    const after = config()!;
    expect(after.agent_token).not.toBe(before.agent_token);
    expect(after.host_id).not.toBe(before.host_id);
    expect(after).toMatchObject({ machine_id: before.machine_id, secrets_key: before.secrets_key });
    expect(existsSync(join(environment.stateFolder, "agent.db"))).toBe(false);
  });

  test.each([
    [["--server", "ftp://x"], "not a valid address"],
    [[], "--server is missing"],
    [["--server"], "--server needs a value"],
    [["--server", "http://backup.example"], "--insecure"],
    [["--server", "https://x", "--pin", "abc"], "--pin must look like"],
    [["--server", "https://x", "--ca", "/not/there"], "no file /not/there"],
    [["--server", "https://x", "--pni", "abc"], "Unknown argument: --pni"],
    [["--insecure=yes"], "takes no value"],
  ])("%p is a usage error", async (args, message) => {
    const { run, config } = await machine();
    const done = await run("enroll", ...args);
    expect(done.code).toBe(2);
    expect(done.err).toContain(message);
    expect(config()).toBeNull();
  });

  test("a self-signed server needs its pin, which then is kept; a wrong pin tells it nothing", async () => {
    const { run, config } = await machine();
    const own = await certificate(await cleanup.tempFolder(), "own");
    const server = enroller(own);
    expect((await run("enroll", "--server", server.url)).err).toMatch(/self.signed/);
    const wrong = `sha256//${"A".repeat(43)}=`;
    expect((await run("enroll", "--server", server.url, "--pin", wrong)).err).toContain(own.pin);
    expect(server.requests).toEqual([]);
    expect(await run("enroll", "--server", server.url, "--pin", own.pin)).toMatchObject({ code: 0 });
    expect(config()?.trust).toEqual({ pin: own.pin, ca_file: null, insecure: false });
  });

  test("a configuration that cannot be read is not overwritten", async () => {
    const { run, environment } = await machine();

    mkdirSync(environment.configFolder, { recursive: true });
    writeFileSync(join(environment.configFolder, "agent.yaml"), "server: [");
    expect(await run("enroll", "--server", enroller().url)).toMatchObject({ code: 1 });
    expect(readFileSync(join(environment.configFolder, "agent.yaml"), "utf8")).toBe("server: [");
  });
});

describe("the server's own restic", () => {
  async function offer(program: string, change: Partial<ManifestFile> = {}) {
    const key = await makeSigningKey();
    const answer = await offerRestic(program, key, change);
    let downloads = 0;
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch(request) {
        const { pathname } = new URL(request.url);
        if (pathname === "/agent/restic") downloads += 1;
        return answer(pathname) ?? new Response("nothing here", { status: 404 });
      },
    });
    cleanup.add(() => server.stop(true));
    const url = `http://127.0.0.1:${server.port}`;
    const trust = createTrust(url, { pin: null, ca_file: null, insecure: false });
    return { from: { server: url, trust, keys: [key.open], timeoutMs: 5000 }, downloads: () => downloads };
  }

  const goodProgram = `#!/bin/sh\necho '{"message_type":"version","version":"0.18.0"}'\n`;

  test("is fetched when nothing fits, verified, and used from then on", async () => {
    const folder = await cleanup.tempFolder();
    const { from, downloads } = await offer(goodProgram);
    const old = join(folder, "restic");
    writeFileSync(old, "#!/bin/sh\necho 'restic 0.14.0 compiled with go1.19.8 on linux/amd64'\n");
    chmodSync(old, 0o755);
    const finder = createResticFinder({
      configuredPath: null,
      binFolder: join(folder, "bin"),
      childBase: { PATH: `${folder}:/usr/bin:/bin` },
      serversCopy: { may: "be_fetched", fetch: (path) => fetchRestic(from, path) },
      clock: systemClock,
      log: silentLog,
    });
    const own = { path: join(folder, "bin", "restic"), version: "0.18.0" };
    expect(await finder.search()).toEqual({ found: "ok", binary: own });
    expect(finder.known()).toEqual(own);
    await finder.refresh();
    expect(downloads()).toBe(1);
  });

  test("a wrong signature, size or hash is refused and leaves nothing behind", async () => {
    const path = join(await cleanup.tempFolder(), "restic");
    const { from } = await offer(goodProgram);
    const { from: other } = await offer(goodProgram);
    expect(await fetchRestic({ ...from, keys: other.keys }, path)).toContain("not signed");
    expect(await fetchRestic({ ...from, keys: [] }, path)).toContain("not signed");
    expect(await fetchRestic((await offer(goodProgram, { sha256: "0".repeat(64) })).from, path)).toContain("checksum");
    expect(await fetchRestic((await offer(goodProgram, { size: 10 })).from, path)).toContain("larger");
    expect(await fetchRestic((await offer(goodProgram, { size: 1000 })).from, path)).toContain("ended after");
    expect(await fetchRestic((await offer(goodProgram, { arch: "arm64" })).from, path)).toContain("offers no restic");
    expect(existsSync(path)).toBe(false);
  });

  test("when there is none, the machine is told what to install", async () => {
    const folder = await cleanup.tempFolder();
    const found = await createResticFinder({
      configuredPath: null,
      binFolder: folder,
      childBase: { PATH: folder },
      serversCopy: { may: "be_fetched", fetch: async () => "the server answered 404 to /agent/manifest.json" },
      clock: systemClock,
      log: silentLog,
    }).search();
    expect(found).toMatchObject({ found: "none", code: "restic_missing" });
    expect(found.found === "none" && found.remedy).toContain("install restic 0.18.0 or newer");
  });
});
