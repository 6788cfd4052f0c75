// Command: adds given restic executables to the bundle from which the server serves agents without a supported restic.
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { bundleExecutable, type Effort, writeIndex } from "./bundle.ts";
import { PLATFORMS } from "./platforms.ts";

export type ResticBundle = {
  /** The bundle's folder: `dist/restic`. */
  out: string;
  version: string;
  /** Path of the executable by platform id; platforms without one are left out. */
  executables: Partial<Record<string, string>>;
  effort: Effort;
};

/** Compresses the executables and writes the index. */
export async function bundleRestic({ out, version, executables, effort }: ResticBundle): Promise<void> {
  const files = [];
  for (const platform of PLATFORMS) {
    const source = executables[platform.id];
    if (!source) continue;
    const name = platform.os === "windows" ? "restic.exe" : "restic";
    files.push(await bundleExecutable(out, { ...platform, name, version, source }, effort));
  }
  const places = PLATFORMS.map((platform) => platform.id);
  await writeIndex(out, { version, files }, places);
}

if (import.meta.main) {
  const { values } = parseArgs({
    strict: true,
    options: {
      out: { type: "string", default: "dist" },
      version: { type: "string" },
      fast: { type: "boolean", default: false },
      "linux-x64": { type: "string" },
      "linux-arm64": { type: "string" },
      "windows-x64": { type: "string" },
    },
  });
  const { out, version, fast, ...executables } = values;
  if (!version) throw new Error("usage: --version X.Y.Z --linux-x64 FILE [--linux-arm64 FILE] [--windows-x64 FILE]");
  await bundleRestic({ out: join(resolve(out), "restic"), version, executables, effort: fast ? "quick" : "small" });
}
