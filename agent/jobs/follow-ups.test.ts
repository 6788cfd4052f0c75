/** What the agent finds out about a repo on its own: that it is gone, that it is back, and who holds a lock. */

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newId } from "../../shared/ids.ts";
import { holdLock } from "../../tests/testbed/held-lock.ts";
import { copyRepoTemplate } from "../../tests/testbed/repo-template.ts";
import { startRestServer } from "../../tests/testbed/rest-server.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { ensureTools } from "../../tests/testbed/tools.ts";
import { until } from "../../tests/testbed/wait.ts";
import { openAgentDb } from "../store/open.ts";
import { createStore } from "../store/store.ts";
import { startFakeServer } from "../testing/fake-server.ts";
import { agentFixture, desiredState, localCredential, order } from "../testing/fixture.ts";

const cleanup = createCleanup();
afterAll(() => cleanup.run(), 60_000);
let restic: string;
beforeAll(async () => {
  restic = (await ensureTools(["restic-0.19"]))["restic-0.19"];
}, 180_000);

test("a repository that is gone is reported as missing after the backup that found out, and as ready after one that works again", async () => {
  const folder = await cleanup.tempFolder();
  const source = join(folder, "source");
  mkdirSync(source);
  writeFileSync(join(source, "a"), "a");
  const disk = join(folder, "disk");
  const copy = await copyRepoTemplate(join(disk, "repo"));
  const server = startFakeServer();
  cleanup.add(() => server.stop());
  const agent = await agentFixture(folder, server.url, restic).start();
  cleanup.add(() => agent.stop());
  await server.wait("hello");
  const repoId = newId();
  const credential = localCredential(copy);
  const state = desiredState({ repoId, credential, group: { includes: [source] } });
  server.send("state.set", state);
  await server.wait("state.ack");
  const backup = async () => {
    const args = { source_group_id: state.source_groups[0]?.id ?? "", state_version: 1, bandwidth: null };
    const command = order("backup", repoId, args);
    server.send("command.run", command);
    return (await server.wait("job.finished", (one) => one.payload.job_id === command.job_id)).payload;
  };
  const statuses = () => server.list("repo.status").map(({ payload }) => payload);

  expect(await backup()).toMatchObject({ status: "succeeded" });
  // The first full list brings a look at the repo's state along.
  await until(() => statuses().length === 1, { what: "the first look" });
  expect(statuses()[0]).toMatchObject({ status: "ready", restic_id: copy.resticId, locks: [], append_only: "unknown" });

  renameSync(disk, `${disk}.away`);
  expect(await backup()).toMatchObject({ status: "failed", error_code: "repo_missing" });
  await until(() => statuses().length === 2, { what: "the missing repository" });
  expect(statuses()[1]).toMatchObject({ status: "failed", status_code: "repo_missing" });

  renameSync(`${disk}.away`, disk);
  const other = await holdLock(restic, copy.path, copy.password);
  expect(await backup()).toMatchObject({ status: "succeeded" });
  await until(() => statuses().length === 3, { what: "the repository being back" });
  await other.kill();
  expect(statuses()[2]).toMatchObject({ status: "ready", restic_id: copy.resticId });
  expect(statuses()[2]?.locks).toMatchObject([{ pid: other.pid, exclusive: false }]);
}, 60_000);

test("a repo server that no longer accepts the host is reported when the agent checks the repo on its own", async () => {
  const folder = await cleanup.tempFolder();
  const rest = await startRestServer({ root: await cleanup.tempFolder(), appendOnly: true });
  cleanup.add(() => rest.close());
  const server = startFakeServer();
  cleanup.add(() => server.stop());
  const fixture = agentFixture(folder, server.url, restic);
  const repoId = newId();
  const credential = {
    url: rest.url("gone", "x"),
    http_username: "gone",
    http_password: "an http password",
    repo_password: "a repo password",
    env: {},
  };
  const first = await fixture.start();
  await server.wait("hello");
  server.send("state.set", desiredState({ repoId, credential }));
  await server.wait("state.ack");
  await first.stop();
  const opened = openAgentDb(fixture.environment.stateFolder, Date.now()).db;
  const store = createStore(opened);
  store.notes.set(`status_due:${repoId}`, "1");
  store.close();
  const agent = await fixture.start();
  cleanup.add(() => agent.stop());
  const { payload } = await server.wait("repo.status");
  expect(payload).toMatchObject({ repo_id: repoId, status: "failed", status_code: "unauthorised" });
}, 60_000);
