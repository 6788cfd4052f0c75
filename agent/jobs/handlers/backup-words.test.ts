/** What a backup writes to its log: the whole agent and real restic, with a repository in a folder. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newId } from "../../../shared/ids.ts";
import type { DesiredSourceGroup } from "../../../shared/protocol/to-agent.ts";
import { copyRepoTemplate, TEMPLATE_PASSWORD } from "../../../tests/testbed/repo-template.ts";
import { createCleanup } from "../../../tests/testbed/temp.ts";
import { ensureTools } from "../../../tests/testbed/tools.ts";
import { startFakeServer } from "../../testing/fake-server.ts";
import { agentFixture, desiredState, localCredential, order } from "../../testing/fixture.ts";

const cleanup = createCleanup();
afterAll(() => cleanup.run(), 60_000);

let tools: Record<"restic-0.18" | "restic-0.19", string>;
beforeAll(async () => {
  tools = await ensureTools(["restic-0.18", "restic-0.19"]);
}, 180_000);

async function setUp(restic: keyof typeof tools, repository?: (folder: string) => string) {
  const folder = await cleanup.tempFolder();
  const path = repository?.(folder) ?? join(folder, "repository");
  await copyRepoTemplate(path);
  const server = startFakeServer();
  cleanup.add(() => server.stop());
  const fixture = agentFixture(folder, server.url, tools[restic]);
  const agent = await fixture.start();
  cleanup.add(() => agent.stop());
  await server.wait("hello");
  const repoId = newId();
  const credential = localCredential({ path, password: TEMPLATE_PASSWORD });
  const state = desiredState({ repoId, credential });
  let version = 0;
  /** Sets the group and backs it up. */
  const backUp = async (group: Partial<DesiredSourceGroup>) => {
    version += 1;
    const groups = [{ ...state.source_groups[0]!, ...group }];
    server.send("state.set", { ...state, state_version: version, source_groups: groups });
    await server.wait("state.ack", ({ payload }) => payload.state_version === version);
    const args = { source_group_id: groups[0]!.id, state_version: version, bandwidth: null };
    const command = order("backup", repoId, args);
    server.send("command.run", command);
    const end = await server.wait("job.finished", ({ payload }) => payload.job_id === command.job_id, 60_000);
    return end.payload;
  };
  const logOf = (jobId: string) =>
    server
      .list("log.stream")
      .filter((one) => one.payload.job_id === jobId)
      .flatMap((one) => one.payload.lines.map((line) => `${line.stream}: ${line.payload}`));
  const write = (name: string) => {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), name);
  };
  return { folder, server, fixture, backUp, logOf, write, at: (name: string) => join(folder, name) };
}

describe.each(["restic-0.18", "restic-0.19"] as const)("a backup that saved nothing, with %s", (restic) => {
  test("a link to a folder: only the link was saved", async () => {
    const { backUp, logOf, write, at } = await setUp(restic);
    write("data/file");
    symlinkSync(at("data"), at("link"));
    const end = await backUp({ includes: [at("link")] });
    expect(end).toMatchObject({
      status: "succeeded",
      warnings: 1,
      warning_causes: [{ code: "only_link_saved", count: 1, paths: [at("link")] }],
    });
    expect(logOf(end.job_id).join("\n")).toContain(at("data"));
  }, 60_000);

  test("a link below a folder that is named, too, loses nothing", async () => {
    const { backUp, write, at } = await setUp(restic);
    write("data/file");
    symlinkSync(at("data"), at("link"));
    expect(await backUp({ includes: [at("data"), at("link")] })).toMatchObject({ warnings: 0, warning_causes: [] });
  }, 60_000);

  test("a folder that had files last time, every time until it has some again", async () => {
    const { backUp, logOf, write, at } = await setUp(restic);
    for (const name of ["a", "b", "c"]) write(`disk/${name}`);
    expect(await backUp({ includes: [at("disk")] })).toMatchObject({ warnings: 0, warning_causes: [] });
    for (const name of ["a", "b", "c"]) rmSync(at(`disk/${name}`));
    for (const _night of [1, 2]) {
      const end = await backUp({ includes: [at("disk")] });
      expect(end.warning_causes).toEqual([{ code: "emptied", count: 1, paths: [at("disk")] }]);
      expect(logOf(end.job_id).join("\n")).toContain(`${at("disk")}: 0 files, 3 last time`);
    }
    write("disk/a");
    expect(await backUp({ includes: [at("disk")] })).toMatchObject({ warnings: 0 });
  }, 60_000);

  test("one of several paths emptied is amber, too, and names that path alone", async () => {
    const { backUp, write, at } = await setUp(restic);
    write("disk/a");
    write("home/b");
    const includes = [at("home"), at("disk")];
    expect(await backUp({ includes })).toMatchObject({ warnings: 0 });
    rmSync(at("disk/a"));
    expect((await backUp({ includes })).warning_causes).toEqual([{ code: "emptied", count: 1, paths: [at("disk")] }]);
  }, 60_000);

  test("everything below the path is excluded, alone or beside others", async () => {
    const { backUp, write, at } = await setUp(restic);
    write("pictures/a.jpg");
    write("home/b");
    const excluded = [{ code: "all_excluded" as const, count: 1, paths: [at("pictures")] }];
    expect((await backUp({ includes: [at("pictures")], excludes: ["*.jpg"] })).warning_causes).toEqual(excluded);
    expect((await backUp({ includes: [at("pictures")], excludes: [at("pictures")] })).warning_causes).toEqual(excluded);
    const both = [at("home"), at("pictures")];
    expect((await backUp({ includes: both, excludes: ["*.jpg"] })).warning_causes).toEqual(excluded);
  }, 60_000);

  test("a first backup of empty folders says that nothing was saved", async () => {
    const { backUp, at } = await setUp(restic);
    mkdirSync(at("new/empty"), { recursive: true });
    expect((await backUp({ includes: [at("new")] })).warning_causes).toEqual([
      { code: "nothing_saved", count: 1, paths: [at("new")] },
    ]);
  }, 60_000);

  test("a missing path is reported as missing, and unreadable files as unreadable", async () => {
    const { backUp, write, at } = await setUp(restic);
    write("home/b");
    const end = await backUp({
      includes: [at("home"), at("gone"), "not absolute"],
      hooks: { pre: null, post: "exit 3" },
    });
    expect(end).toMatchObject({ status: "succeeded", warnings: 3 });
    expect(end.warning_causes).toEqual([
      { code: "path_missing", count: 1, paths: [at("gone")] },
      { code: "path_refused", count: 1, paths: ["not absolute"] },
      { code: "post_hook_failed", count: 1, paths: [] },
    ]);
  }, 60_000);
});

test("a repository inside its own source is left out, with a note", async () => {
  const { backUp, logOf, write, at } = await setUp("restic-0.18", (folder) => join(folder, "srv", "backup [1]"));
  write("srv/file");
  const end = await backUp({ includes: [at("srv")] });
  expect(end).toMatchObject({ status: "succeeded", warnings: 0, stats: { total_files_processed: 1 } });
  expect(logOf(end.job_id).join("\n")).toContain(`event: The repository is inside ${at("srv")}`);
}, 60_000);
