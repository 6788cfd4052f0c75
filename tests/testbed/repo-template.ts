// A prepared restic repository that tests copy instead of initialising: `init` takes seconds, a copy milliseconds, and its key opens at once.
import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cached } from "./cache.ts";
import { mustRun } from "./command.ts";
import { lightenKey } from "./light-key.ts";
import { ensureTool } from "./tools.ts";

/** The password of every copy. */
export const TEMPLATE_PASSWORD = "the template's own repository password";

export type RepoCopy = {
  path: string;
  password: string;
  /** restic's identity of the repository: the same for every copy. */
  resticId: string;
  /** For running restic by hand, with no settings of the caller's. */
  env: Record<string, string>;
};

/**
 * Copies the prepared, empty repository (format 2, made by restic 0.18) to `target`, whose parents are made.
 * Two copies share their id: do not give both to one host.
 */
export async function copyRepoTemplate(target: string): Promise<RepoCopy> {
  const template = await repoTemplate();
  await mkdir(dirname(target), { recursive: true });
  await cp(join(template, "repo"), target, { recursive: true });
  await makeWritable(target);
  const resticId = (await Bun.file(join(template, "id")).text()).trim();
  return { path: target, password: TEMPLATE_PASSWORD, resticId, env: { RESTIC_PASSWORD: TEMPLATE_PASSWORD } };
}

async function repoTemplate(): Promise<string> {
  return await cached("repo-template", "restic 0.18 init, light key", async (folder) => {
    const restic = await ensureTool("restic-0.18");
    const repo = join(folder, "repo");
    const env = { RESTIC_PASSWORD: TEMPLATE_PASSWORD, RESTIC_CACHE_DIR: join(folder, "cache") };
    await mustRun([restic, "--repo", repo, "init"], { env });
    const config = JSON.parse(await mustRun([restic, "--repo", repo, "cat", "config"], { env })) as { id: string };
    await Bun.write(join(folder, "id"), config.id);
    await lightenKeys(repo);
  });
}

async function lightenKeys(repo: string): Promise<void> {
  const folder = join(repo, "keys");
  for (const name of await readdir(folder)) {
    const light = lightenKey(await readFile(join(folder, name), "utf8"), TEMPLATE_PASSWORD);
    await rm(join(folder, name), { force: true });
    await writeFile(join(folder, light.name), light.text, { mode: 0o400 });
  }
}

/** restic writes its files read-only; tests damage and remove them. */
async function makeWritable(repo: string): Promise<void> {
  await chmod(join(repo, "config"), 0o600);
  for (const key of await readdir(join(repo, "keys"))) await chmod(join(repo, "keys", key), 0o600);
}
