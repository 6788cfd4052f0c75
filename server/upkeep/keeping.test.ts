/** Copying, restoring and key rotation on real files, with the server's own commands where that matters. */
import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { openSqlite } from "../../db/open.ts";
import { runCommand } from "../../tests/testbed/command.ts";
import { type Client, type ServerProcess, signIn, startServer } from "../../tests/testbed/server.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { createSealer } from "../runtime/seal.ts";

const cleanup = createCleanup();
afterEach(cleanup.run, 30_000);

const MAIN = resolve(import.meta.dir, "../main.ts");
const LETTERS = "the letters are in the blue box";

async function folder() {
  return join(await cleanup.tempFolder(), "data");
}
const run = (dataDir: string, ...args: string[]) =>
  runCommand([process.execPath, MAIN, ...args], {
    cwd: resolve(import.meta.dir, "../.."),
    env: { PATH: process.env["PATH"] ?? "", RM_DATA_DIR: dataDir, RM_LOG_FORMAT: "text" },
  });

async function start(dataDir: string): Promise<{ server: ServerProcess; client: Client }> {
  const server = await startServer({ dataDir });
  cleanup.add(async () => void (await server.stop()));
  return { server, client: await signIn(server) };
}

const addToken = (client: Client, name: string) =>
  client.post<{ id: string }>("/api/enrollment-tokens", {
    host_name: name,
    includes: ["/srv"],
    repo: { kind: "rest", url: "http://vault:8000/web/", http_password: "an http password", repo_password: LETTERS },
  });
const tokens = async (client: Client) =>
  (await client.get<{ items: { host_name: string }[] }>("/api/enrollment-tokens")).items
    .map((item) => item.host_name)
    .sort();

describe("a copy", () => {
  test("is complete while the server runs, cannot be read by other users, and restores everything with a new state id", async () => {
    const dataDir = await folder();
    const { server, client } = await start(dataDir);
    await addToken(client, "web-01");
    const signingKey = readFileSync(join(dataDir, "signing.key"), "utf8");
    const file = join(dataDir, "..", "copy.db");
    expect(await run(dataDir, "backup", file)).toMatchObject({ code: 0 });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const bytes = readFileSync(file, "latin1");
    expect(bytes).not.toContain(readFileSync(join(dataDir, "secret.key"), "utf8").trim());
    expect(bytes).not.toContain(JSON.parse(signingKey).d);
    expect(bytes).not.toContain(LETTERS);

    await addToken(client, "web-02");
    expect((await run(dataDir, "restore", file)).stderr).toContain("is using");
    await server.stop();
    const stateBefore = stateId(dataDir);
    writeFileSync(join(dataDir, "signing.key"), signingKey.replace("OKP", "OKP "));
    const restored = await run(dataDir, "restore", file);
    expect(restored).toMatchObject({ code: 0, stderr: "" });
    expect(stateId(dataDir)).not.toBe(stateBefore);
    expect(readFileSync(join(dataDir, "signing.key"), "utf8")).toBe(signingKey);
    expect(readdirSync(dataDir).filter((name) => name.includes(".before-restore-"))).toHaveLength(2);

    const again = await start(dataDir);
    expect(await tokens(again.client)).toEqual(["web-01"]);
    const { items } = await again.client.get<{ items: { action: string }[] }>("/api/audit?action=database.restored");
    expect(items).toHaveLength(1);
  }, 120_000);

  test("from another key or program, or damaged, is refused and changes nothing", async () => {
    const dataDir = await folder();
    const { server } = await start(dataDir);
    await server.stop();
    const file = join(dataDir, "..", "copy.db");
    await run(dataDir, "backup", file);
    const other = await folder();
    expect((await run(other, "restore", file)).stderr).toContain("server key");
    const before = stateId(dataDir);
    writeFileSync(`${file}.text`, "no database");
    expect(await run(dataDir, "restore", `${file}.text`)).toMatchObject({ code: 1 });
    const bytes = readFileSync(file);
    bytes.fill(0x5a, 8192, bytes.length - 4096);
    writeFileSync(`${file}.damaged`, bytes);
    expect(await run(dataDir, "restore", `${file}.damaged`)).toMatchObject({ code: 1 });
    expect(stateId(dataDir)).toBe(before);
    expect(existsSync(join(dataDir, "restic-manager.db.restoring"))).toBe(false);
    expect((await run(dataDir, "backup", file)).stderr).toContain("already exists");
  }, 120_000);
});

describe("a new server key", () => {
  test("opens everything that the old one opened, and the old one is kept for old copies", async () => {
    const dataDir = await folder();
    const { server, client } = await start(dataDir);
    const { id } = await addToken(client, "web-01");
    await server.stop();
    const before = readFileSync(join(dataDir, "secret.key"), "utf8").trim();
    const rotated = await run(dataDir, "rotate-key");
    expect(rotated).toMatchObject({ code: 0, stderr: "" });
    const after = readFileSync(join(dataDir, "secret.key"), "utf8").trim();
    expect(after).not.toBe(before);
    const { keyId, blobPrefix } = createSealer(Buffer.from(before, "hex"));
    expect(readFileSync(join(dataDir, `secret.key.retired-${keyId}`), "utf8").trim()).toBe(before);

    const sqlite = openSqlite(join(dataDir, "restic-manager.db"));
    const { sealed } = sqlite.query<{ sealed: string }, []>("SELECT sealed FROM enrollment_tokens").get() ?? {
      sealed: "",
    };
    sqlite.close();
    expect(sealed.startsWith(blobPrefix)).toBe(false);
    const place = { table: "enrollment_tokens", column: "sealed", id };
    expect(createSealer(Buffer.from(after, "hex")).unseal(place, sealed)).toContain(LETTERS);
    expect(await tokens((await start(dataDir)).client)).toEqual(["web-01"]);
  }, 120_000);

  test("a rotation interrupted after the commit is finished at the next start, and one interrupted before it is discarded", async () => {
    const dataDir = await folder();
    const { server } = await start(dataDir);
    await server.stop();
    const key = join(dataDir, "secret.key");
    const old = readFileSync(key, "utf8");
    await run(dataDir, "rotate-key");
    const fresh = readFileSync(key, "utf8");
    // The state that a crash between the transaction and the rename leaves.
    writeFileSync(key, old, { mode: 0o600 });
    writeFileSync(`${key}.next`, fresh, { mode: 0o600 });
    const again = await start(dataDir);
    await again.server.stop();
    expect(readFileSync(key, "utf8")).toBe(fresh);

    writeFileSync(`${key}.next`, `${"ab".repeat(32)}\n`, { mode: 0o600 });
    const third = await start(dataDir);
    await third.server.stop();
    expect(readFileSync(key, "utf8")).toBe(fresh);
    expect(existsSync(`${key}.next`)).toBe(false);
  }, 120_000);

  test("secrets in a column that is not listed stop the rotation", async () => {
    const dataDir = await folder();
    const { server } = await start(dataDir);
    await server.stop();
    const key = readFileSync(join(dataDir, "secret.key"), "utf8");
    const sealer = createSealer(Buffer.from(key.trim(), "hex"));
    const sqlite = openSqlite(join(dataDir, "restic-manager.db"));
    const blob = sealer.seal({ table: "settings", column: "value", id: "forgotten" }, "a secret");
    sqlite.query("INSERT INTO settings (key, value) VALUES ('forgotten', ?)").run(blob);
    sqlite.close();
    const rotated = await run(dataDir, "rotate-key");
    expect(rotated.code).not.toBe(0);
    expect(rotated.stderr).toContain("settings.value");
    expect(readFileSync(join(dataDir, "secret.key"), "utf8")).toBe(key);
    expect(existsSync(join(dataDir, "secret.key.next"))).toBe(false);
  }, 120_000);
});

function stateId(dataDir: string): string {
  const sqlite = openSqlite(join(dataDir, "restic-manager.db"));
  try {
    return (
      sqlite.query<{ value: string }, []>("SELECT value FROM settings WHERE key = 'server_state_id'").get()?.value ?? ""
    );
  } finally {
    sqlite.close();
  }
}
