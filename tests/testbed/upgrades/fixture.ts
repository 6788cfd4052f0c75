/** Packs what one version of the product left behind (data folder, agent, repository) into a small file, and unpacks it again. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mustRun } from "../command.ts";

/** The only user of every fixture. */
export const FIXTURE_ADMIN = { username: "mara", password: "plum harbour lantern 42" };
export const FIXTURE_HOST = "web-01";
/** Stands for the machine on which the fixture was made. */
export const FIXTURE_MACHINE = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";

/** Folders of a fixture: `data` is the server's, `agent` holds `config` and `state`, `repository` is a rest-server's root. */
export const FIXTURE_FOLDERS = ["data", "agent", "repository"] as const;

const END = ".tar.zst";

/** Names of what there is, oldest first, such as `0.1.0`. */
export function fixtureNames(): string[] {
  return readdirSync(import.meta.dir)
    .filter((name) => name.endsWith(END))
    .map((name) => name.slice(0, -END.length))
    .sort(Bun.semver.order);
}

/** Same content, same bytes. @returns the size in bytes */
export async function pack(folder: string, name: string): Promise<number> {
  const archive = join(folder, "fixture.tar");
  const uniform = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=2026-11-20 00:00:00Z"];
  await mustRun(["tar", "--create", `--file=${archive}`, ...uniform, "-C", folder, ...FIXTURE_FOLDERS]);
  const packed = Bun.zstdCompressSync(readFileSync(archive), { level: 19 });
  writeFileSync(join(import.meta.dir, name + END), packed);
  return packed.byteLength;
}

export async function unpack(name: string, folder: string): Promise<void> {
  const archive = join(folder, "fixture.tar");
  writeFileSync(archive, Bun.zstdDecompressSync(readFileSync(join(import.meta.dir, name + END))));
  await mustRun(["tar", "--extract", `--file=${archive}`, "--no-same-owner", "-C", folder]);
}
