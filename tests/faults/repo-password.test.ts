/** The repository's password changes, both through the product and outside it, with the real restic. */
import { afterAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { TEMPLATE_PASSWORD } from "../testbed/repo-template.ts";
import { createCleanup } from "../testbed/temp.ts";
import { ensureTool } from "../testbed/tools.ts";
import { until } from "../testbed/wait.ts";
import { openScene, type Scene } from "./scene.ts";

const cleanup = createCleanup();
afterAll(cleanup.run, 60_000);

const NEW_PASSWORD = "the key that was added";

type Repo = { status: string; status_code: string | null; url: string };
const repoOf = (scene: Scene) => scene.client().get<Repo>(`/api/repos/${scene.repoId}`);
const credentialPath = (scene: Scene) => `/api/repos/${scene.repoId}/credentials/everyday`;
type Known = { on_trial: boolean; trial_error: string | null };
const known = (scene: Scene) => scene.client().get<Known>(credentialPath(scene));

/** What an administrator does on a shell. */
async function shell(scene: Scene, version: "restic-0.18" | "restic-0.19") {
  const restic = await ensureTool(version);
  const { url } = await repoOf(scene);
  const call = async (password: string, ...args: string[]) => {
    const env = { PATH: process.env["PATH"] ?? "", RESTIC_PASSWORD: password, RESTIC_REPOSITORY: url };
    const child = Bun.spawn([restic, "--no-cache", ...args], { env, stdout: "pipe", stderr: "pipe" });
    const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    if ((await child.exited) !== 0) throw new Error(err);
    return out;
  };
  return {
    async addKey() {
      const file = join(await cleanup.tempFolder(), "password");
      writeFileSync(file, NEW_PASSWORD);
      await call(TEMPLATE_PASSWORD, "key", "add", "--new-password-file", file);
    },
    async removeOldKeys() {
      type Key = { id: string; current: boolean };
      const keys = JSON.parse(await call(NEW_PASSWORD, "key", "list", "--json")) as Key[];
      for (const { id } of keys.filter(({ current }) => !current)) await call(NEW_PASSWORD, "key", "remove", id);
    },
  };
}

test.each(["restic-0.18", "restic-0.19"] as const)(
  "with %s a new key's password is tried, taken over, and goes on when the old key is gone",
  async (restic) => {
    const scene = await openScene(cleanup, { restic });
    const admin = await shell(scene, restic);
    const client = scene.client();
    const save = (repo_password: string) => client.request("PUT", credentialPath(scene), { repo_password });

    expect((await save("not yet a key of it")).status).toBeLessThan(300);
    await until(async () => (await known(scene)).trial_error !== null, { what: "the refused password" });
    expect(await known(scene)).toMatchObject({ on_trial: true });
    expect((await scene.ended(await scene.run())).status).toBe("succeeded");

    await admin.addKey();
    expect((await save(NEW_PASSWORD)).status).toBeLessThan(300);
    await until(async () => !(await known(scene)).on_trial, { timeoutMs: 30_000, what: "the proven password" });
    await admin.removeOldKeys();
    await until(async () => (await scene.ended(await scene.run())).status === "succeeded", {
      timeoutMs: 30_000,
      what: "a backup with the new password",
    });
    expect(await repoOf(scene)).toMatchObject({ status: "ready" });
  },
  120_000,
);

test("a key that was removed behind our back: the repo is shown as failed, and ready again with the right password", async () => {
  const scene = await openScene(cleanup);
  const admin = await shell(scene, "restic-0.19");
  await admin.addKey();
  await admin.removeOldKeys();
  expect(await scene.ended(await scene.run())).toMatchObject({ status: "failed", error_code: "wrong_password" });
  await until(async () => (await repoOf(scene)).status === "failed", { timeoutMs: 30_000, what: "a failed repo" });
  expect(await repoOf(scene)).toMatchObject({ status: "failed", status_code: "wrong_password" });

  await scene.client().request("PUT", credentialPath(scene), { repo_password: NEW_PASSWORD });
  await until(async () => (await repoOf(scene)).status === "ready", { timeoutMs: 30_000, what: "a ready repo" });
  expect((await scene.ended(await scene.run())).status).toBe("succeeded");
}, 120_000);
