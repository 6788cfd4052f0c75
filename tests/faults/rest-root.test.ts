/** A repository at the root of a REST server is opened where it is, and nothing is created beside it. */
import { afterAll, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { copyRepoTemplate } from "../testbed/repo-template.ts";
import { startRestServer } from "../testbed/rest-server.ts";
import { createCleanup } from "../testbed/temp.ts";
import { openScheduleScene } from "./schedule-scene.ts";

const cleanup = createCleanup();
afterAll(cleanup.run, 60_000);

test("the address stays as it was typed", async () => {
  const root = await cleanup.tempFolder();
  const { resticId } = await copyRepoTemplate(root);
  const rest = await startRestServer({ root, appendOnly: true, privateRepos: false });
  cleanup.add(() => rest.close());
  await rest.addUser("scene", "the http password");
  const address = `http://127.0.0.1:${rest.port}/`;
  const before = readdirSync(root);
  const scene = await openScheduleScene(cleanup, {
    startAt: "2020-11-22T12:00:00Z",
    cron: "0 2 * * *",
    repo: { url: address, own_folder: false, http_username: "scene", http_password: "the http password" },
  });
  const repo = await scene.client.get<{ url: string; restic_id: string }>(`/api/repos/${scene.repoId}`);
  expect(repo).toMatchObject({ url: `rest:${address}`, restic_id: resticId });
  expect(readdirSync(root)).toEqual(before);
}, 120_000);
