// The files that the server hands out to machines (agents, restic), built quickly and only when out of date.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { buildAgents } from "../../agent/build/build-agents.ts";
import { readIndex } from "../../agent/build/bundle.ts";
import { PLATFORMS } from "../../agent/build/platforms.ts";
import { bundleRestic } from "../../agent/build/restic.ts";
import { withLock } from "./cache.ts";
import { ensureTool } from "./tools.ts";

const REPOSITORY = resolve(import.meta.dir, "../..");
const RESTIC_VERSION = "0.19.1";

export type Dist = {
  /** `dist` in the repository: holds `agent/` and `restic/`. */
  folder: string;
  /** Raw agent executables by platform id, such as `linux-x64`. */
  agents: Record<string, string>;
};

export type DistOptions = {
  /** Platform ids; default is this machine's alone. */
  platforms?: readonly string[];
  /** What is built anew says that it is. Default: a version that follows from the sources, so that commits build nothing. */
  version?: string | null;
  say?: (line: string) => void;
};

/** The platform id of this machine. */
export const MACHINE_PLATFORM = `linux-${process.arch === "arm64" ? "arm64" : "x64"}`;

/** Builds what is missing or stale; several test processes may ask at once. */
export async function ensureDist({
  platforms = [MACHINE_PLATFORM],
  version = null,
  say = () => undefined,
}: DistOptions = {}): Promise<Dist> {
  const folder = join(REPOSITORY, "dist");
  return await withLock("dist", async () => {
    const agents = await buildAgents({
      repository: REPOSITORY,
      entry: "agent/main.ts",
      cache: join(REPOSITORY, ".cache/build"),
      out: join(folder, "agent"),
      platforms: PLATFORMS.filter((platform) => platforms.includes(platform.id)),
      effort: "quick",
      version,
      ifStale: true,
      say,
    });
    await ensureRestic(join(folder, "restic"));
    return { folder, agents };
  });
}

/** Debian's restic for both Linux platforms; an existing bundle of any version is left alone. */
async function ensureRestic(out: string): Promise<void> {
  const index = await readIndex(out);
  if (index?.files.every((file) => existsSync(join(out, file.zst)))) return;
  const executables = {
    [MACHINE_PLATFORM]: await ensureTool("restic-0.19"),
    "linux-arm64": await ensureTool("restic-0.19-arm64"),
  };
  await bundleRestic({ out, version: RESTIC_VERSION, executables, effort: "quick" });
}
