/** Hooks and limits around real backups: the whole agent, real restic, and a real append-only REST server. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newId } from "../../shared/ids.ts";
import { silentLog } from "../../shared/log.ts";
import type { DesiredSourceGroup, DesiredState } from "../../shared/protocol/to-agent.ts";
import { mustRun, runCommand } from "../../tests/testbed/command.ts";
import { copyRepoTemplate, TEMPLATE_PASSWORD } from "../../tests/testbed/repo-template.ts";
import { type RestServer, startRestServer } from "../../tests/testbed/rest-server.ts";
import { fieldsOf } from "../../tests/testbed/simulated-agent.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { ensureTools } from "../../tests/testbed/tools.ts";
import { until } from "../../tests/testbed/wait.ts";
import type { AgentConfig } from "../config.ts";
import { readStatus } from "../state/status-file.ts";
import { openAgentDb, openAgentDbReadonly } from "../store/open.ts";
import { createStore } from "../store/store.ts";
import { startFakeServer } from "../testing/fake-server.ts";
import { agentFixture, desiredState, order } from "../testing/fixture.ts";
import type { Timings } from "../timings.ts";
import { betweenHooks } from "./handlers/backup-hooks.ts";
import { createHooks, type HookCall, shellArgv } from "./hooks.ts";

const cleanup = createCleanup();
afterAll(() => cleanup.run(), 60_000);

let tools: Record<"restic-0.18" | "restic-0.19" | "rest-server", string>;
let repoServer: RestServer;
let repoRoot: string;
beforeAll(async () => {
  tools = await ensureTools(["restic-0.18", "restic-0.19", "rest-server"]);
  repoRoot = await cleanup.tempFolder();
  repoServer = await startRestServer({ root: repoRoot, appendOnly: true });
  cleanup.add(() => repoServer.close());
}, 180_000);

type Setting = {
  hooks?: Partial<DesiredSourceGroup["hooks"]>;
  config?: Partial<AgentConfig>;
  timings?: Partial<Timings>;
  state?: Partial<DesiredState>;
  restic?: "restic-0.18" | "restic-0.19";
  /** Lies at `folder/state` before the agent starts. */
  prepare?: (folder: string) => Promise<void>;
};

async function setUp(setting: Setting) {
  const { hooks = {}, config = {}, timings = {}, state: extra = {}, restic = "restic-0.18" } = setting;
  const folder = await cleanup.tempFolder();
  await setting.prepare?.(folder);
  const source = join(folder, "source");
  mkdirSync(source);
  writeFileSync(join(source, "a.txt"), "a".repeat(1000));
  const user = `u${newId().slice(-8)}`;
  await copyRepoTemplate(join(repoRoot, user, "web-01"));
  await repoServer.addUser(user, "http secret of this user");
  const credential = {
    url: repoServer.url(user, "web-01"),
    http_username: user,
    http_password: "http secret of this user",
    repo_password: TEMPLATE_PASSWORD,
    env: {},
  };
  const server = startFakeServer();
  cleanup.add(() => server.stop());
  const fixture = agentFixture(folder, server.url, tools[restic], config);
  const agent = await fixture.start(timings);
  cleanup.add(() => agent.stop());
  await server.wait("hello");
  const repoId = newId();
  const group = { includes: [source], hooks: { pre: null, post: null, ...hooks } };
  const state = { ...desiredState({ repoId, credential, group }), ...extra };
  server.send("state.set", state);
  await server.wait("state.ack");
  const groupId = state.source_groups[0]!.id;
  const backup = (bandwidth: null | { up_kbps: number | null; down_kbps: number | null } = null) =>
    order("backup", repoId, { source_group_id: groupId, state_version: 1, bandwidth });
  const run = async (command = backup()) => {
    server.send("command.run", command);
    return (await server.wait("job.finished", (one) => one.payload.job_id === command.job_id, 60_000)).payload;
  };
  const logOf = (jobId: string) =>
    server
      .list("log.stream")
      .filter((one) => one.payload.job_id === jobId)
      .flatMap((one) => one.payload.lines.map((line) => `${line.stream}: ${line.payload}`));
  return { folder, source, server, fixture, agent, backup, run, logOf, groupId, state };
}

/** A file system that is full soon. */
async function smallDisk(place: string): Promise<void> {
  mkdirSync(place);
  await mustRun(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", place]);
  cleanup.add(() => mustRun(["umount", "-l", place]));
}

describe("hooks", () => {
  test("run before and after the backup, with what they need to know and nothing secret", async () => {
    const setting = await setUp({
      hooks: {
        pre: "env | grep -E '^(RM_|RESTIC_)' | sort",
        post: 'echo "$RM_JOB_STATUS $RM_SNAPSHOT_ID"; echo a complaint >&2',
      },
    });
    const end = await setting.run();
    expect(end).toMatchObject({ status: "succeeded", warnings: 0 });
    const log = setting.logOf(end.job_id);
    expect(log.filter((line) => line.includes("hook(pre)"))).toEqual([
      `stdout: hook(pre): RM_JOB_ID=${end.job_id}`,
      "stdout: hook(pre): RM_JOB_KIND=backup",
      "stdout: hook(pre): RM_REPO=vault",
      "stdout: hook(pre): RM_SOURCE_GROUP=documents",
    ]);
    expect(log).toContain(`stdout: hook(post): succeeded ${end.stats?.["snapshot_id"]}`);
    expect(log).toContain("stderr: hook(post): a complaint");
    const place = (part: string) => log.findIndex((line) => line.includes(part));
    expect(place("hook(pre)")).toBeLessThan(place("event: restic backup"));
    expect(place("hook(post)")).toBeGreaterThan(place("Snapshot "));
    expect(setting.server.find("hello")?.payload.capabilities).toContain("hooks");
    // Nothing is left for the next start.
    const store = createStore(openAgentDbReadonly(setting.fixture.environment.stateFolder)!);
    expect(store.notes.listByPrefix("post_hook_due:")).toEqual([]);
    store.close();
  });

  test("what the pre hook writes is backed up", async () => {
    const folder = await cleanup.tempFolder();
    const setting = await setUp({ hooks: { pre: `mkdir -p ${folder}/dump && echo rows > ${folder}/dump/db.sql` } });
    const state = structuredClone(setting.state);
    state.source_groups[0]!.includes = [`${folder}/dump`];
    setting.server.send("state.set", { ...state, state_version: 2 });
    await setting.server.wait("state.ack", ({ payload }) => payload.state_version === 2);
    expect(await setting.run()).toMatchObject({ status: "succeeded", stats: { files_new: 1 } });
  });

  test("a failing pre hook ends the job before anything is saved; the post hook runs and hears of it", async () => {
    const setting = await setUp({ hooks: { pre: "echo no room >&2; exit 7", post: 'echo "after: $RM_JOB_STATUS"' } });
    const end = await setting.run();
    expect(end).toMatchObject({ status: "failed", error_code: "pre_hook_failed", stats: null });
    expect(end.error_message).toContain("it exited with code 7");
    const log = setting.logOf(end.job_id);
    expect(log).toContain("stderr: hook(pre): no room");
    expect(log).toContain("stdout: hook(post): after: failed");
    expect(log.join("\n")).not.toContain("restic backup");
  });

  test("a failing post hook is a warning", async () => {
    const setting = await setUp({ hooks: { post: "exit 3" } });
    const end = await setting.run();
    expect(end).toMatchObject({ status: "succeeded", warnings: 1 });
    expect(end.warning_causes).toEqual([{ code: "post_hook_failed", count: 1, paths: [] }]);
    expect(setting.logOf(end.job_id)).toContain("stderr: The post hook failed: it exited with code 3");
  });

  test("a hook that takes too long is ended with all its children", async () => {
    const folder = await cleanup.tempFolder();
    const setting = await setUp({
      hooks: { pre: `sh -c 'echo $$ > ${folder}/pid; exec sleep 600' & wait` },
      timings: { hookMs: 3000 },
    });
    const end = await setting.run();
    expect(end).toMatchObject({ status: "failed", error_code: "pre_hook_failed" });
    expect(end.error_message).toContain("it was stopped after");
    const pid = readFileSync(join(folder, "pid"), "utf8").trim();
    await until(() => !existsSync(`/proc/${pid}`));
  });

  test("cancelled within the pre hook: it is ended, the post hook still runs", async () => {
    const folder = await cleanup.tempFolder();
    const setting = await setUp({
      hooks: { pre: `echo $$ > ${folder}/pid; sleep 600`, post: 'echo "after: $RM_JOB_STATUS"' },
    });
    const command = setting.backup();
    const ended = setting.run(command);
    await until(() => existsSync(join(folder, "pid")));
    setting.server.send("command.cancel", { job_id: command.job_id });
    expect(await ended).toMatchObject({ status: "cancelled" });
    expect(setting.logOf(command.job_id)).toContain("stdout: hook(post): after: cancelled");
  });

  test("a daemon that a hook leaves behind does not hold the job", async () => {
    const setting = await setUp({ hooks: { pre: "setsid sleep 60 &" }, timings: { killAfterMs: 100 } });
    const began = performance.now();
    expect(await setting.run()).toMatchObject({ status: "succeeded" });
    expect(performance.now() - began).toBeLessThan(40_000);
  }, 60_000);

  test("the text of hooks lies on no disk in the clear, and in no log", async () => {
    const secret = "PGPASSWORD=swordfish-of-the-database";
    const setting = await setUp({ hooks: { pre: `${secret} sh -x -c true\nset -x\n${secret} true` } });
    const end = await setting.run();
    expect(end.status).toBe("succeeded");
    expect(setting.logOf(end.job_id).join("\n") + setting.fixture.lines.join("\n")).not.toContain("swordfish");
    for (const file of ["agent.db", "agent.db-wal", "secrets.enc", "status.json"]) {
      const path = join(setting.fixture.environment.stateFolder, file);
      if (existsSync(path)) expect(readFileSync(path).includes("swordfish")).toBe(false);
    }
  });

  test("allow_hooks: false refuses the backups of a group with hooks, and no others", async () => {
    const config = { allow_hooks: false };
    const refused = await setUp({ hooks: { pre: "touch /should-not-be" }, config });
    const end = await refused.run();
    expect(end).toMatchObject({ status: "failed", error_code: "refused_by_host" });
    expect(end.error_message).toContain("allow_hooks");
    expect(existsSync("/should-not-be")).toBe(false);
    expect(refused.server.find("hello")?.payload.capabilities).not.toContain("hooks");
    const plain = await setUp({ config });
    expect(await plain.run()).toMatchObject({ status: "succeeded" });
  });

  test("after a crash between the hooks the post hook still runs", async () => {
    const folder = await cleanup.tempFolder();
    const setting = await setUp({ hooks: { pre: "true", post: `echo "$RM_JOB_ID $RM_JOB_STATUS" >> ${folder}/post` } });
    await setting.agent.stop();
    const store = createStore(openAgentDb(setting.fixture.environment.stateFolder, 0).db);
    const jobId = newId();
    const interrupted = { groupId: setting.groupId, groupName: "documents", repoName: "vault" };
    store.notes.set(`post_hook_due:${jobId}`, JSON.stringify(interrupted));
    store.close();
    const again = await setting.fixture.start();
    cleanup.add(() => again.stop());
    await until(() => readFileSync(join(folder, "post"), "utf8").endsWith("\n"));
    expect(readFileSync(join(folder, "post"), "utf8")).toBe(`${jobId} failed\n`);
  });

  test("a full disk after the backup loses neither its result nor its snapshot", async () => {
    if (process.getuid?.() !== 0) return console.warn("skipped: only root can mount a small file system");
    const setting = await setUp({
      hooks: { pre: "true", post: "true" },
      prepare: (folder) => smallDisk(join(folder, "state")),
    });
    const folder = setting.folder;
    const state = structuredClone(setting.state);
    state.source_groups[0]!.hooks.post = `cat /dev/zero > ${folder}/state/fill; touch ${folder}/filled; exit 0`;
    setting.server.send("state.set", { ...state, state_version: 2 });
    await setting.server.wait("state.ack", ({ payload }) => payload.state_version === 2);
    const command = setting.backup();
    setting.server.send("command.run", command);
    await until(() => existsSync(join(folder, "filled")));
    // What the full disk did not take is tried again and again.
    await until(() => setting.fixture.lines.some((line) => line.includes("The disk is full")));
    rmSync(join(folder, "state/fill"));
    const { payload: end } = await setting.server.wait("job.finished", (one) => one.payload.job_id === command.job_id);
    expect(end).toMatchObject({ status: "succeeded", error_code: null, warnings: 0 });
    expect(setting.server.find("snapshots.added")?.payload.snapshots[0]?.snapshot_id).toBe(
      end.stats?.["snapshot_id"] as string,
    );
    await setting.agent.stop();
    const store = createStore(openAgentDbReadonly(setting.fixture.environment.stateFolder)!);
    expect(store.notes.listByPrefix("post_hook_due:")).toEqual([]);
    store.close();
  }, 60_000);

  test("a disk too full to note the post hook: the pre hook is not run, and the job says why", async () => {
    if (process.getuid?.() !== 0) return console.warn("skipped: only root can mount a small file system");
    const folder = await cleanup.tempFolder();
    await smallDisk(join(folder, "state"));
    const store = createStore(openAgentDb(join(folder, "state"), 0).db);
    cleanup.add(() => store.close());
    writeFileSync(join(folder, "state/fill"), "");
    await runCommand(["/bin/sh", "-c", `cat /dev/zero > ${folder}/state/fill`]);
    const state = { hooksOf: () => ({ pre: `touch ${folder}/pre`, post: "true" }), hookShell: () => null };
    const hooks = createHooks({
      store,
      writeWhenPossible: () => {},
      state: state as never,
      allowed: true,
      outside: { possible: true, unit: () => null } as never,
      os: "linux",
      childBase: { PATH: "/usr/bin:/bin", HOME: folder },
      limitMs: 10_000,
      killAfterMs: 1000,
      log: silentLog,
    });
    const context = { job: { job_id: newId() }, access: { name: "vault" }, progress: { phase: () => {} } };
    const work = () => Promise.reject(new Error("nothing is backed up"));
    const end = await betweenHooks(
      context as never,
      { state: state as never, hooks },
      { id: newId(), name: "documents" } as never,
      work,
    );
    expect(end).toMatchObject({ end: "failed", error: { code: "pre_hook_failed" } });
    expect(end.error?.message).toContain("disk");
    expect(existsSync(join(folder, "pre"))).toBe(false);
  }, 60_000);

  test("a post hook that has run stays done when the disk refuses to commit its note's end", async () => {
    const folder = await cleanup.tempFolder();
    const store = createStore(openAgentDb(folder, 0).db);
    cleanup.add(() => store.close());
    let isFull = true;
    const refused: (() => void)[] = [];
    const hooks = createHooks({
      store,
      writeWhenPossible: (work) => {
        const write = () =>
          store.transaction(() => {
            work();
            if (isFull) throw new Error("the disk is full at the commit");
          });
        refused.push(write);
        expect(write).toThrow();
      },
      state: {} as never,
      allowed: true,
      outside: { possible: true, unit: () => null } as never,
      os: "linux",
      childBase: {},
      limitMs: 10_000,
      killAfterMs: 1000,
      log: silentLog,
    });
    const jobId = newId();
    hooks.markPending(jobId, { groupId: newId(), groupName: "documents", repoName: "vault" });
    expect(hooks.listPending()).toHaveLength(1);
    hooks.clearPending(jobId);
    expect(hooks.listPending()).toEqual([]);
    isFull = false;
    for (const write of refused) write();
    expect(store.notes.listByPrefix("post_hook_due:")).toEqual([]);
    expect(hooks.listPending()).toEqual([]);
  });

  test("when the agent itself fails during the backup, the post hook still runs", async () => {
    const folder = await cleanup.tempFolder();
    const cleared: string[] = [];
    const ran: string[] = [];
    const hooks = {
      allowed: true,
      markPending: () => true,
      clearPending: (id: string) => cleared.push(id),
      run: async ({ when, status }: HookCall) => {
        ran.push(`${when} ${status}`);
        return { ok: true };
      },
    };
    const state = { hooksOf: () => ({ pre: "true", post: "true" }) };
    const log = { event: () => {}, stderr: () => {} };
    const context = { job: { job_id: folder }, access: { name: "vault" }, progress: { phase: () => {} }, log };
    const signal = new AbortController().signal;
    const work = () => Promise.reject(new Error("a bug"));
    const end = betweenHooks(
      { ...context, signal } as never,
      { state, hooks } as never,
      { id: newId(), name: "documents" } as never,
      work,
    );
    expect(end).rejects.toThrow("a bug");
    await end.catch(() => {});
    expect(ran).toEqual(["pre null", "post failed"]);
    expect(cleared).toEqual([folder]);
  });

  describe("pending after a crash interrupted a job", () => {
    /** Owes a post hook, and has a backup waiting, while the agent is down. */
    async function owing(hooks: Setting["hooks"], extra: Setting = {}) {
      const setting = await setUp({ hooks: hooks ?? {}, ...extra });
      await setting.agent.stop();
      const store = createStore(openAgentDb(setting.fixture.environment.stateFolder, 0).db);
      const interrupted = { groupId: setting.groupId, groupName: "documents", repoName: "vault" };
      const [dead, waiting] = [setting.backup(), setting.backup()];
      const fields = { ...fieldsOf(dead), job_id: dead.job_id };
      store.jobs.insertQueued(fields, dead, dead.expires_at);
      store.jobs.setRunning(dead.job_id, 1);
      store.jobs.insertQueued(fieldsOf(waiting), waiting, waiting.expires_at);
      store.notes.set(`post_hook_due:${dead.job_id}`, JSON.stringify(interrupted));
      store.close();
      const pending = () => {
        const db = createStore(openAgentDbReadonly(setting.fixture.environment.stateFolder)!);
        const ids = db.notes.listByPrefix("post_hook_due:").map(({ id }) => id);
        db.close();
        return ids;
      };
      return { ...setting, dead, waiting, pending };
    }

    test("the post hook ends before the next pre hook begins; the agent connects and answers meanwhile", async () => {
      const folder = await cleanup.tempFolder();
      const post = `echo "post begins" >> ${folder}/story; until test -e ${folder}/go; do sleep 0.05; done; echo "post ends" >> ${folder}/story`;
      const setting = await owing({ pre: `echo pre >> ${folder}/story`, post });
      const before = setting.server.list("hello").length;
      const again = await setting.fixture.start();
      cleanup.add(() => again.stop());
      await until(() => existsSync(join(folder, "story")));
      await until(() => setting.server.list("hello").length > before);
      expect(
        setting.server
          .list("hello")
          .at(-1)
          ?.payload.open_jobs.map((job) => job.job_id),
      ).toEqual([setting.waiting.job_id]);
      const beats = setting.server.list("heartbeat").length;
      await until(() => setting.server.list("heartbeat").length > beats + 1);
      expect(readStatus(setting.fixture.environment.stateFolder)?.runs_owed_hook).toBe(true);
      expect(
        setting.server.find("job.started", (one) => one.payload.job_id === setting.waiting.job_id),
      ).toBeUndefined();
      writeFileSync(join(folder, "go"), "");
      const end = await setting.server.wait("job.finished", (one) => one.payload.job_id === setting.waiting.job_id);
      expect(end.payload).toMatchObject({ status: "succeeded", warnings: 0 });
      expect(readFileSync(join(folder, "story"), "utf8").split("\n").slice(0, 3)).toEqual([
        "post begins",
        "post ends",
        "pre",
      ]);
      expect(setting.pending()).toEqual([]);
      expect(setting.logOf(setting.dead.job_id)).toContain(
        "event: The job ended before its post hook ran. Running it now",
      );
    });

    test("one that hangs is ended in time, and the next backup runs", async () => {
      const setting = await owing(
        { post: "test $RM_JOB_STATUS = succeeded || sleep 600" },
        { timings: { hookMs: 2000 } },
      );
      const again = await setting.fixture.start({ hookMs: 2000 });
      cleanup.add(() => again.stop());
      const end = await setting.server.wait("job.finished", (one) => one.payload.job_id === setting.waiting.job_id);
      expect(end.payload.status).toBe("succeeded");
      expect(setting.logOf(setting.dead.job_id).at(-1)).toStartWith(
        "stderr: The post hook failed: it was stopped after",
      );
    });

    test("an agent that is told to stop does not wait for it, and the next start runs it again", async () => {
      const folder = await cleanup.tempFolder();
      const setting = await owing({ post: `test -e ${folder}/go && exit; touch ${folder}/begun; sleep 600` });
      const again = await setting.fixture.start();
      await until(() => existsSync(join(folder, "begun")));
      await again.stop();
      expect(setting.pending()).toEqual([setting.dead.job_id]);
      writeFileSync(join(folder, "go"), "");
      const third = await setting.fixture.start();
      cleanup.add(() => third.stop());
      await setting.server.wait("job.finished", (one) => one.payload.job_id === setting.waiting.job_id);
      expect(setting.pending()).toEqual([]);
    });

    test("one that can no longer run is reported in the job's log", async () => {
      const setting = await owing({});
      const again = await setting.fixture.start();
      cleanup.add(() => again.stop());
      await setting.server.wait("job.finished", (one) => one.payload.job_id === setting.waiting.job_id);
      expect(setting.logOf(setting.dead.job_id).at(-1)).toContain(
        "its source group was removed or no longer has a post hook",
      );
      expect(setting.pending()).toEqual([]);
    });
  });

  test("a pending post hook that is no longer allowed is not run, and the job's log says so", async () => {
    const setting = await setUp({ hooks: { pre: "true", post: "true" } });
    await setting.agent.stop();
    const store = createStore(openAgentDb(setting.fixture.environment.stateFolder, 0).db);
    const interrupted = { groupId: setting.groupId, groupName: "documents", repoName: "vault" };
    const dead = setting.backup();
    store.jobs.insertQueued(fieldsOf(dead), dead, dead.expires_at);
    store.jobs.setRunning(dead.job_id, 1);
    store.notes.set(`post_hook_due:${dead.job_id}`, JSON.stringify(interrupted));
    store.close();
    setting.fixture.config.allow_hooks = false;
    const again = await setting.fixture.start();
    cleanup.add(() => again.stop());
    const told = () => setting.logOf(dead.job_id).some((line) => line.includes("no longer allows hooks"));
    await until(told);
  });

  test("the host's shell", () => {
    expect(shellArgv(null, "linux")).toEqual(["/bin/sh", "-c"]);
    expect(shellArgv(null, "windows")).toEqual(["cmd.exe", "/C"]);
    expect(shellArgv("/bin/bash", "linux")).toEqual(["/bin/bash", "-c"]);
    expect(shellArgv("bash -eu -o pipefail -c", "linux")).toEqual(["bash", "-eu", "-o", "pipefail", "-c"]);
    expect(shellArgv("powershell.exe", "windows")).toEqual(["powershell.exe", "-NoProfile", "-Command"]);
    expect(shellArgv("C:\\Windows\\System32\\cmd.exe", "windows")).toEqual(["C:\\Windows\\System32\\cmd.exe", "/C"]);
  });
});

describe.each(["restic-0.18", "restic-0.19"] as const)("bandwidth with %s", (restic) => {
  test("host-wide limits are kept, a job's own come before them, and agent.yaml caps both", async () => {
    const setting = await setUp({ restic, state: { bandwidth: { up_kbps: 512, down_kbps: 4096 } } });
    writeFileSync(join(setting.source, "big"), randomBytes(2 * 1024 * 1024));
    const began = performance.now();
    const slow = await setting.run();
    const took = performance.now() - began;
    expect(slow.status).toBe("succeeded");
    expect(setting.logOf(slow.job_id).join("\n")).toContain("--limit-upload 512 --limit-download 4096");
    // 2 MiB at 512 KiB/s.
    expect(took).toBeGreaterThan(3000);

    writeFileSync(join(setting.source, "big"), randomBytes(2 * 1024 * 1024));
    const quick = await setting.run(setting.backup({ up_kbps: 20_480, down_kbps: null }));
    expect(setting.logOf(quick.job_id).join("\n")).toContain("--limit-upload 20480 --limit-download 4096");
    expect(quick.finished_at - Number(quick.started_at)).toBeLessThan(took);
  }, 60_000);

  test("agent.yaml caps what the server allows", async () => {
    const setting = await setUp({ restic, config: { max_upload_kbps: 300 } });
    const free = await setting.run();
    expect(setting.logOf(free.job_id).join("\n")).toContain("--limit-upload 300");
    const asked = await setting.run(setting.backup({ up_kbps: 0, down_kbps: null }));
    const line = setting.logOf(asked.job_id).find((one) => one.includes("restic backup")) ?? "";
    expect(line).toContain("--limit-upload 300");
    expect(line).not.toContain("--limit-download");
  }, 60_000);
});
