/** A thief of the database, or of its folder: what was sealed for one place opens at no other, and no accident replaces the key. */
import { afterAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { openSqlite } from "../../db/open.ts";
import { createSealer } from "../../server/runtime/seal.ts";
import { PASSWORD, type Person, signInAs, startApp, type TestApp } from "../testbed/app.ts";
import { runCommand } from "../testbed/command.ts";
import { enrollHost, enrollIdentity, enrollRequest, jsonClient, type TestHost } from "../testbed/hosts.ts";
import { connectInside } from "../testbed/inside-agent.ts";
import { type Client, type ServerProcess, signIn, startServer } from "../testbed/server.ts";
import { createCleanup } from "../testbed/temp.ts";

const cleanup = createCleanup();
afterAll(cleanup.run);

const MAIN = resolve(import.meta.dir, "../../server/main.ts");
const REPO_PASSWORD = "a repo password";

describe("in the database", () => {
  async function scene(): Promise<{ app: TestApp; admin: Person; one: TestHost; other: TestHost }> {
    const app = await startApp(cleanup, "error");
    const admin = await signInAs(app, "admin");
    return { app, admin, one: await enrollHost(app, admin), other: await enrollHost(app, admin) };
  }
  const credential = async (app: TestApp, admin: Person, rid: string, slot = "everyday") =>
    (await jsonClient(app, admin).ask<{ unreadable?: boolean }>("GET", `/api/repos/${rid}/credentials/${slot}`)).body;
  const sheet = (app: TestApp, admin: Person) =>
    app.request("/settings/system/recovery-sheet", {
      method: "POST",
      headers: {
        cookie: admin.cookie,
        "x-csrf-token": admin.csrf,
        "content-type": "application/x-www-form-urlencoded",
      },
      body: new URLSearchParams({ form: "page", current: PASSWORD }).toString(),
    });

  test("a credential that is moved to another repo opens for nobody", async () => {
    const { app, admin, one, other } = await scene();
    app.db.$client.query("DELETE FROM credentials WHERE repo_id = ?").run(one.rid);
    app.db.$client.query("UPDATE credentials SET repo_id = ? WHERE repo_id = ?").run(one.rid, other.rid);
    expect(await credential(app, admin, one.rid)).toMatchObject({ unreadable: true });
    expect(await (await sheet(app, admin)).text()).not.toContain(REPO_PASSWORD);
  });

  test("an admin credential does not become the everyday one, which every host gets", async () => {
    const { app, admin, one } = await scene();
    const { call } = jsonClient(app, admin);
    await call("PUT", `/api/repos/${one.rid}/credentials/admin`, { url: "rest:http://vault:8001/one/" });
    app.db.$client.query("DELETE FROM credentials WHERE repo_id = ? AND slot = 'everyday'").run(one.rid);
    app.db.$client.query("UPDATE credentials SET slot = 'everyday' WHERE repo_id = ?").run(one.rid);
    expect(await credential(app, admin, one.rid)).toMatchObject({ unreadable: true });
  });

  test("one damaged credential takes down neither the recovery sheet nor its repo's page, and can be entered anew", async () => {
    const { app, admin, one, other } = await scene();
    app.db.$client
      .query("UPDATE credentials SET sealed = substr(sealed, 1, 40) || 'AAAA' || substr(sealed, 45) WHERE repo_id = ?")
      .run(one.rid);
    const answer = await sheet(app, admin);
    expect(answer.status).toBe(200);
    const page = await answer.text();
    expect(page).toContain("The stored credential cannot be decrypted.");
    expect(page.split(REPO_PASSWORD)).toHaveLength(2);
    expect(page).toContain(other.name);

    const headers = { cookie: admin.cookie };
    expect((await app.request(`/hosts/${one.id}/repos/${one.rid}`, { headers })).status).toBe(200);
    const { ask } = jsonClient(app, admin);
    const change = (body: object) => ask("PUT", `/api/repos/${one.rid}/credentials/everyday`, body);
    expect((await change({ http_password: "another" })).status).toBe(400);
    expect((await change({ repo_password: "another repo password" })).status).toBeLessThan(300);
    expect(await credential(app, admin, one.rid)).toMatchObject({ unreadable: false });
    expect(app.log).toEqual([]);
  });

  test.each([
    [
      "credential",
      "UPDATE credentials SET sealed = substr(sealed, 1, 40) || 'AAAA' || substr(sealed, 45) WHERE repo_id = $rid",
    ],
    ["hook", "UPDATE source_groups SET post_hook = 'AAAA' WHERE id = $gid"],
  ])(
    "a damaged %s keeps no host away: it works on, its page says why, and what is mended reaches it",
    async (what, damage) => {
      const { app, admin, one } = await scene();
      const { ask, call } = jsonClient(app, admin);
      app.db.$client.query(damage).run({ rid: one.rid, gid: one.gid });
      const agent = await connectInside(app, one.identity);
      const host = `/api/hosts/${one.id}`;
      expect((await call<{ status: string }>("GET", host)).status).not.toBe("offline");
      expect(agent.received.map(({ type }) => type)).toContain("welcome");
      expect(agent.states()).toEqual([]);
      const page = () => app.request(`/hosts/${one.id}`, { headers: { cookie: admin.cookie } }).then((it) => it.text());
      expect(await page()).toContain("Settings not sent.");
      expect(app.log.splice(0).join()).toContain("the settings of a host could not be built");

      if (what === "hook") await call("PUT", `${host}/source-groups/${one.gid}/hooks`, { post: "rm shop.sql" });
      else
        expect(
          (await ask("PUT", `/api/repos/${one.rid}/credentials/everyday`, { repo_password: "it" })).status,
        ).toBeLessThan(300);
      await agent.stored();
      expect(agent.states().length).toBeGreaterThan(0);
      expect(await page()).not.toContain("Settings not sent.");
      agent.close();
      expect(app.log).toEqual([]);
    },
  );

  test("a damaged hook takes down no page, is never left out of a backup, and can be entered anew", async () => {
    const { app, admin, one } = await scene();
    const { ask, call } = jsonClient(app, admin);
    const group = `/api/hosts/${one.id}/source-groups/${one.gid}`;
    await call("PUT", `${group}/hooks`, { pre: "pg_dump shop", post: "rm shop.sql" });
    await call("PUT", `/api/hosts/${one.id}/hooks`, { pre: "sync" });
    app.db.$client.query("UPDATE source_groups SET pre_hook = post_hook WHERE id = ?").run(one.gid);
    app.db.$client.query("UPDATE hosts SET pre_hook_default = 'AAAA' WHERE id = ?").run(one.id);

    const headers = { cookie: admin.cookie };
    for (const path of [`sources/${one.gid}`, "settings"]) {
      const page = await app.request(`/hosts/${one.id}/${path}`, { headers });
      expect(page.status).toBe(200);
      expect(await page.text()).toContain("The stored pre-hook cannot be decrypted.");
    }
    expect((await ask("GET", `${group}/hooks`)).body).toEqual({ pre: null, post: "rm shop.sql", unreadable: ["pre"] });
    const refused = { status: 409, body: { error: { code: "hook_unreadable" } } };
    // What nobody enters stays as it is, and goes on being told.
    expect(await ask("PUT", `${group}/hooks`, { post: "rm -f shop.sql" })).toMatchObject(refused);

    await call("PUT", `${group}/hooks`, { pre: "pg_dump shop" });
    expect((await ask("GET", `${group}/hooks`)).body).toMatchObject({ pre: "pg_dump shop", unreadable: [] });
    await call("PUT", `/api/hosts/${one.id}/hooks`, { pre: null });
    expect((await ask("GET", `/api/hosts/${one.id}/hooks`)).body).toMatchObject({ pre: null, unreadable: [] });
    expect(app.log).toEqual([]);
  });
});

test("an enrolment token whose credential was damaged is refused in a sentence, and stays revocable", async () => {
  const app = await startApp(cleanup, "error");
  const admin = await signInAs(app, "admin");
  const { ask, call } = jsonClient(app, admin);
  const { id, token } = await call<{ id: string; token: string }>("POST", "/api/enrollment-tokens", {
    host_name: "web-01",
    includes: ["/srv"],
    repo: { kind: "local", url: "/srv/repo" },
  });
  app.db.$client.query("UPDATE enrollment_tokens SET sealed = substr(sealed, 1, 60) || 'AAAA'").run();
  const refused = await ask("POST", "/api/agents/enroll", enrollRequest(token));
  expect(refused).toMatchObject({ status: 410, body: { error: { code: "token_unreadable" } } });
  expect((await ask("DELETE", `/api/enrollment-tokens/${id}`)).status).toBe(204);
  expect(app.log).toEqual([]);
});

describe("in the data folder", () => {
  const run = (dataDir: string, ...args: string[]) =>
    runCommand([process.execPath, MAIN, ...args], {
      cwd: resolve(import.meta.dir, "../.."),
      env: { PATH: process.env["PATH"] ?? "", RM_DATA_DIR: dataDir, RM_LOG_FORMAT: "text", RM_LISTEN: "127.0.0.1:0" },
      timeoutMs: 60_000,
    });
  const start = async (dataDir: string): Promise<{ server: ServerProcess; client: Client }> => {
    const server = await startServer({ dataDir });
    cleanup.add(async () => void (await server.stop()));
    return { server, client: await signIn(server) };
  };
  const folder = async () => join(await cleanup.tempFolder(), "data");
  const openFolder = async () => {
    const dataDir = await folder();
    mkdirSync(dataDir, { mode: 0o755 });
    chmodSync(dataDir, 0o755);
    return dataDir;
  };
  const keyOf = (dataDir: string) =>
    createSealer(Buffer.from(readFileSync(join(dataDir, "secret.key"), "utf8").trim(), "hex"));
  const database = (dataDir: string) => join(dataDir, "restic-manager.db");

  test("every file is for its owner only, whatever folder and umask allow, those of an older version too", async () => {
    const dataDir = await openFolder();
    const umask = process.umask(0o000);
    try {
      writeFileSync(database(dataDir), "", { mode: 0o666 });
      const { server } = await start(dataDir);
      const modes = readdirSync(dataDir).map(
        (name) => `${name} ${(statSync(join(dataDir, name)).mode & 0o777).toString(8)}`,
      );
      expect(modes.filter((line) => !line.endsWith(" 600"))).toEqual([]);
      expect(modes.length).toBeGreaterThan(4);
      await server.stop();
    } finally {
      process.umask(umask);
    }
  }, 60_000);

  test("a missing server key is asked for and never replaced while there is a database", async () => {
    const dataDir = await folder();
    const { server } = await start(dataDir);
    await server.stop();
    const key = readFileSync(join(dataDir, "secret.key"), "utf8");
    const file = join(dataDir, "..", "copy.db");
    await run(dataDir, "backup", file);
    rmSync(join(dataDir, "secret.key"));
    for (const command of [
      ["serve"],
      ["backup", `${file}.2`],
      ["rotate-key"],
      ["add-user", "nora", "viewer"],
      ["restore", file],
    ]) {
      const { code, stdout, stderr } = await run(dataDir, ...command);
      expect({ command, code, stdout }).toEqual({ command, code: 1, stdout: "" });
      expect(stderr).toContain("is missing. Put secret.key back");
      expect(stderr.trim().split("\n")).toHaveLength(1);
    }
    expect(existsSync(join(dataDir, "secret.key"))).toBe(false);
    writeFileSync(join(dataDir, "secret.key"), key, { mode: 0o600 });
    await (await start(dataDir)).server.stop();
  }, 120_000);

  test("a database, a lock or one of the keys that is garbage gives one sentence and no stack", async () => {
    const dataDir = await folder();
    const { server } = await start(dataDir);
    await server.stop();
    const garbage = "this is no database, however long it may be. ".repeat(500);
    for (const name of ["restic-manager.db", "server.lock", "secret.key", "signing.key"]) {
      const path = join(dataDir, name);
      copyFileSync(path, `${path}.kept`);
      for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true });
      writeFileSync(path, garbage);
      const { code, stderr } = await run(dataDir, "serve");
      expect({ name, code }).toEqual({ name, code: 1 });
      expect(stderr.trim().split("\n")).toHaveLength(1);
      expect(stderr).toContain(path);
      expect(stderr).not.toContain("is using");
      copyFileSync(`${path}.kept`, path);
    }
    await (await start(dataDir)).server.stop();
  }, 120_000);

  /** As versions before wrote it: credentials bound to their row only. */
  const loosen = (dataDir: string) => {
    const sealer = keyOf(dataDir);
    const sqlite = openSqlite(database(dataDir));
    const rows = sqlite
      .query<{ id: string; owner: string; sealed: string }, []>(
        "SELECT id, repo_id || '/' || slot AS owner, sealed FROM credentials",
      )
      .all();
    for (const { id, owner, sealed } of rows) {
      const place = { table: "credentials", column: "sealed", id };
      const loose = sealer.seal(place, sealer.unseal({ ...place, owner }, sealed));
      sqlite.query("UPDATE credentials SET sealed = ? WHERE id = ?").run(loose, id);
    }
    const check = { table: "settings", column: "value", id: "key_check" };
    sqlite.query("UPDATE settings SET value = ? WHERE key = 'key_check'").run(sealer.seal(check, "restic-manager"));
    sqlite.run("PRAGMA wal_checkpoint(TRUNCATE)");
    sqlite.close();
  };
  const bound = (dataDir: string) => {
    const sealer = keyOf(dataDir);
    const sqlite = openSqlite(database(dataDir));
    const rows = sqlite
      .query<{ id: string; owner: string; sealed: string }, []>(
        "SELECT id, repo_id || '/' || slot AS owner, sealed FROM credentials",
      )
      .all();
    sqlite.close();
    return rows.map(({ id, owner, sealed }) =>
      JSON.parse(sealer.unseal({ table: "credentials", column: "sealed", id, owner }, sealed)),
    );
  };
  const withHost = async (dataDir: string) => {
    const { server, client } = await start(dataDir);
    await enrollIdentity(client, { name: "web-01" });
    await server.stop();
  };

  test("credentials of an older version are bound to their repo at the next start, those of a restored copy too", async () => {
    const dataDir = await folder();
    await withHost(dataDir);
    loosen(dataDir);
    const file = join(dataDir, "..", "old.db");
    copyFileSync(database(dataDir), file);
    await (await start(dataDir)).server.stop();
    expect(bound(dataDir)).toMatchObject([{ repo_password: REPO_PASSWORD }]);

    expect(await run(dataDir, "restore", file)).toMatchObject({ code: 0, stderr: "" });
    expect(await run(dataDir, "rotate-key")).toMatchObject({ code: 0, stderr: "" });
    expect(bound(dataDir)).toMatchObject([{ repo_password: REPO_PASSWORD }]);
    const { server, client } = await start(dataDir);
    const { items } = await client.get<{ items: { id: string }[] }>("/api/repos");
    expect(await client.get(`/api/repos/${items[0]?.id}/credentials/everyday`)).toMatchObject({ unreadable: false });
    await server.stop();
  }, 120_000);

  test("a loose credential that is put back later does not open, and stops a rotation with one sentence", async () => {
    const dataDir = await folder();
    await withHost(dataDir);
    const sqlite = openSqlite(database(dataDir));
    const check = sqlite.query<{ value: string }, []>("SELECT value FROM settings WHERE key = 'key_check'").get();
    sqlite.close();
    loosen(dataDir);
    const again = openSqlite(database(dataDir));
    again.query("UPDATE settings SET value = ? WHERE key = 'key_check'").run(check?.value ?? "");
    again.close();
    const { code, stderr } = await run(dataDir, "rotate-key");
    expect(code).toBe(1);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toContain("credentials.sealed");
    const { server, client } = await start(dataDir);
    const { items } = await client.get<{ items: { id: string }[] }>("/api/repos");
    expect(await client.get(`/api/repos/${items[0]?.id}/credentials/everyday`)).toMatchObject({ unreadable: true });
    await server.stop();
  }, 120_000);
});
