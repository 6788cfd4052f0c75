/** Tests the rest-server of the test bed. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "./command.ts";
import { copyRepoTemplate } from "./repo-template.ts";
import { type RestServer, startRestServer } from "./rest-server.ts";
import { createCleanup } from "./temp.ts";
import { ensureTool } from "./tools.ts";

const cleanup = createCleanup();
let root: string;
let appendOnly: RestServer;
let deleting: RestServer;
let restic: string;

beforeAll(async () => {
  root = await cleanup.tempFolder();
  restic = await ensureTool("restic-0.19");
  appendOnly = await startRestServer({ root, appendOnly: true });
  cleanup.add(appendOnly.close);
  deleting = await startRestServer({ root, appendOnly: false });
  cleanup.add(deleting.close);
}, 120_000);

afterAll(cleanup.run);

describe("a rest-server of the test bed", () => {
  test("takes a backup of a user added while it runs, and lets only the deleting listener forget", async () => {
    await appendOnly.addUser("web1", "first password");
    const template = await copyRepoTemplate(join(root, "web1", "main"));
    const run = (server: RestServer, ...args: string[]) =>
      runCommand([restic, "--repo", server.url("web1", "main"), "--json", ...args], {
        env: { ...template.env, RESTIC_REST_USERNAME: "web1", RESTIC_REST_PASSWORD: "first password" },
      });
    expect(await run(appendOnly, "backup", import.meta.path)).toMatchObject({ code: 0 });
    expect(await run(appendOnly, "forget", "latest")).toMatchObject({ code: 3 });
    expect(await run(deleting, "forget", "latest")).toMatchObject({ code: 0 });
    expect(await appendOnly.requestLog()).toContain("POST /web1/main/snapshots/");
  }, 60_000);

  test("refuses a removed user at once, and an old password after a change", async () => {
    const status = async (password: string) => {
      const authorization = `Basic ${btoa(`web2:${password}`)}`;
      return (await fetch(`http://127.0.0.1:${appendOnly.port}/web2/`, { headers: { authorization } })).status;
    };
    await appendOnly.addUser("web2", "old");
    expect(await status("old")).not.toBe(401);
    await appendOnly.addUser("web2", "new");
    expect(await status("old")).toBe(401);
    expect(await status("new")).not.toBe(401);
    await appendOnly.removeUser("web2");
    expect(await status("new")).toBe(401);
  });

  test("is gone, with its request log, after close", async () => {
    const own = await cleanup.tempFolder();
    const server = await startRestServer({ root: own, appendOnly: true });
    await server.close();
    expect(() => process.kill(server.pid, 0)).toThrow();
    expect(existsSync(join(own, ".listeners", String(server.pid)))).toBe(false);
  });
});
