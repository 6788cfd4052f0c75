/** The agent and restic files that this server offers: from `dist`, with single files overridden from the data folder. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import type { Log } from "../../shared/log.ts";
import type { ManifestFile } from "../../shared/protocol/enrollment.ts";

const index = v.object({
  version: v.string(),
  files: v.array(
    v.object({
      os: v.picklist(["linux", "windows"]),
      arch: v.picklist(["x64", "arm64"]),
      name: v.string(),
      /** Set when it differs from the index's version. */
      version: v.optional(v.string()),
      size: v.number(),
      sha256: v.string(),
      zst: v.string(),
      gz: v.string(),
    }),
  ),
});

export type BundledFile = ManifestFile & { zstPath: string; gzPath: string };
export type Bundle = {
  list(): BundledFile[];
  find(kind: "agent" | "restic", os: string, arch: string): BundledFile | null;
};

/** Later folders override earlier ones. A changed index is read again, so that a new build needs no restart. */
export function openBundle(folders: readonly string[], log: Log): Bundle {
  let cached: { stamp: string; files: BundledFile[] } | null = null;
  const list = () => {
    const stamp = folders
      .flatMap((folder) => (["agent", "restic"] as const).map((kind) => stampOf(join(folder, kind, "index.json"))))
      .join();
    if (cached?.stamp !== stamp) cached = { stamp, files: readAll(folders, log) };
    return cached.files;
  };
  return {
    list,
    find: (kind, os, arch) => list().find((file) => file.kind === kind && file.os === os && file.arch === arch) ?? null,
  };
}

function readAll(folders: readonly string[], log: Log): BundledFile[] {
  const byKey = new Map<string, BundledFile>();
  for (const folder of folders) {
    for (const kind of ["agent", "restic"] as const) {
      for (const file of readIndex(join(folder, kind), kind, log)) byKey.set(`${kind} ${file.os} ${file.arch}`, file);
    }
  }
  return [...byKey.values()];
}

function readIndex(folder: string, kind: "agent" | "restic", log: Log): BundledFile[] {
  const path = join(folder, "index.json");
  if (!existsSync(path)) return [];
  try {
    const { version, files } = v.parse(index, JSON.parse(readFileSync(path, "utf8")));
    return files
      .map(({ zst, gz, ...file }) => ({
        ...file,
        kind,
        version: file.version ?? version,
        zstPath: join(folder, zst),
        gzPath: join(folder, gz),
      }))
      .filter((file) => existsSync(file.zstPath) && existsSync(file.gzPath));
  } catch (error) {
    log.error("the index of bundled files cannot be read; its files are not offered", {
      path,
      why: error instanceof Error ? error.message : String(error),
    });
    return [];
  }
}

function stampOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat ? `${stat.mtimeMs}-${stat.size}` : "none";
}
