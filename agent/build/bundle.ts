// Writes executables compressed, with an index of sizes and checksums, in the layout that the server reads.
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { constants, gzip, zstdCompress } from "node:zlib";

export type BundleFile = {
  os: string;
  arch: string;
  name: string;
  /** Versions in one folder may differ: platforms that did not change are not rebuilt. */
  version: string;
  /** Of the raw executable. */
  size: number;
  sha256: string;
  /** Relative to the bundle's folder. */
  zst: string;
  zst_size: number;
  gz: string;
  gz_size: number;
};

export type BundleIndex = { version: string; files: BundleFile[] };

/** `quick` is for tests and development, `small` for what is delivered. */
export type Effort = "quick" | "small";

export type Executable = { os: string; arch: string; name: string; version: string; source: string };

const LEVELS = { quick: { zstd: 1, gzip: 1 }, small: { zstd: 19, gzip: 9 } };

/** Compresses one executable into `<folder>/<os>-<arch>/` and returns its line of the index. */
export async function bundleExecutable(folder: string, executable: Executable, effort: Effort): Promise<BundleFile> {
  const { os, arch, name, version, source } = executable;
  const raw = await readFile(source);
  const level = LEVELS[effort];
  const zstdParams = { [constants.ZSTD_c_compressionLevel]: level.zstd, [constants.ZSTD_c_contentSizeFlag]: 1 };
  const [zstd, gzipped] = await Promise.all([
    promisify(zstdCompress)(raw, { params: zstdParams }),
    promisify(gzip)(raw, { level: level.gzip }),
  ]);
  const place = `${os}-${arch}`;
  await mkdir(join(folder, place), { recursive: true });
  await replaceFile(join(folder, place, `${name}.zst`), zstd);
  await replaceFile(join(folder, place, `${name}.gz`), gzipped);
  return {
    ...{ os, arch, name, version, size: raw.length, sha256: Bun.SHA256.hash(raw, "hex") },
    ...{ zst: `${place}/${name}.zst`, zst_size: zstd.length, gz: `${place}/${name}.gz`, gz_size: gzipped.length },
  };
}

/** Reads `<folder>/index.json`; null when there is none. */
export async function readIndex(folder: string): Promise<BundleIndex | null> {
  const file = join(folder, "index.json");
  return existsSync(file) ? (JSON.parse(await readFile(file, "utf8")) as BundleIndex) : null;
}

/** Writes the index and removes folders of platforms that are no longer in it. */
export async function writeIndex(folder: string, index: BundleIndex, allPlaces: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  await replaceFile(join(folder, "index.json"), `${JSON.stringify(index, null, 2)}\n`);
  const kept = new Set(index.files.map((file) => `${file.os}-${file.arch}`));
  for (const place of allPlaces) {
    if (!kept.has(place)) await rm(join(folder, place), { recursive: true, force: true });
  }
}

async function replaceFile(file: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${file}.new`, content);
  await rename(`${file}.new`, file);
}
