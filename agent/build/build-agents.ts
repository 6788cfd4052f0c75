// Builds the agents of several platforms into a folder, and skips those that are up to date.
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type BundleFile, bundleExecutable, type Effort, readIndex, writeIndex } from "./bundle.ts";
import { compileAgent } from "./compile.ts";
import { hashInputs } from "./inputs.ts";
import { PLATFORMS, type Platform } from "./platforms.ts";
import { runtimeOf } from "./runtime.ts";
import { releaseVersion } from "./version.ts";

export type AgentBuild = {
  repository: string;
  /** Relative to the repository. */
  entry: string;
  /** Holds runtimes and raw executables. */
  cache: string;
  /** The bundle's folder: `dist/agent`. */
  out: string;
  platforms: readonly Platform[];
  effort: Effort;
  /**
   * Stamped into each executable. null: one that follows from the sources alone, and an executable of the same sources is current
   * whatever it calls itself, so that a commit alone rebuilds nothing.
   */
  version: string | null;
  /** Leaves alone what is there already, made of the same inputs and at least as small. */
  ifStale: boolean;
  say: (line: string) => void;
};

/** The inputs of a finished platform; stored next to the raw executable and next to the compressed files. */
type Stamp = { inputs: string; version: string; effort: Effort; file?: BundleFile };

/** Length of the part of the sources' hash that names a build without a commit. */
const SHORT_HASH = 8;

/** Builds, and returns the path of each platform's raw executable by platform id. */
export async function buildAgents(build: AgentBuild): Promise<Record<string, string>> {
  const inputs = await hashInputs(build.repository, build.entry);
  const raw: Record<string, { target: string; version: string }> = {};
  const files = await keptFiles(build, inputs);
  for (const platform of build.platforms) raw[platform.id] = await rawExecutable(build, platform, inputs);
  const stale = build.platforms.filter((platform) => !files.has(platform.id));
  await Promise.all(
    stale.map(async (platform) => {
      const started = performance.now();
      const { target: source, version } = raw[platform.id]!;
      const file = await bundleExecutable(build.out, { ...platform, source, version }, build.effort);
      files.set(platform.id, file);
      await writeStamp(join(build.out, platform.id), { inputs, version, effort: build.effort, file });
      build.say(`${platform.id.padEnd(12)} ${megabytes(file)}  ${seconds(started)} to compress`);
    }),
  );
  const order = PLATFORMS.flatMap((platform) => files.get(platform.id) ?? []);
  await writeIndex(
    build.out,
    { version: order[0]?.version ?? releaseVersion(build.repository), files: order },
    PLATFORMS.map((platform) => platform.id),
  );
  return Object.fromEntries(Object.entries(raw).map(([id, { target }]) => [id, target]));
}

/** The compressed files that can stay: of the platforms asked for only with `ifStale`, of others when they are current. */
async function keptFiles(build: AgentBuild, inputs: string): Promise<Map<string, BundleFile>> {
  const kept = new Map<string, BundleFile>();
  const index = await readIndex(build.out);
  for (const platform of PLATFORMS) {
    const stamp = await readStamp(join(build.out, platform.id));
    const listed = index?.files.some((file) => file.sha256 === stamp?.file?.sha256) ?? false;
    if (!listed || !stamp?.file || stamp.inputs !== inputs) continue;
    const asked = build.platforms.includes(platform);
    const goodEnough =
      build.ifStale && isCurrent(build, stamp, inputs) && (stamp.effort === "small" || build.effort === "quick");
    if (!asked || goodEnough) kept.set(platform.id, stamp.file);
  }
  return kept;
}

function isCurrent(build: AgentBuild, stamp: Stamp, inputs: string): boolean {
  return stamp.inputs === inputs && (build.version === null || build.version === stamp.version);
}

async function rawExecutable(
  build: AgentBuild,
  platform: Platform,
  inputs: string,
): Promise<{ target: string; version: string }> {
  const folder = join(build.cache, "agent", platform.id);
  const target = join(folder, platform.name);
  const stamp = await readStamp(folder);
  if (build.ifStale && stamp && isCurrent(build, stamp, inputs) && existsSync(target))
    return { target, version: stamp.version };
  const version = build.version ?? `${releaseVersion(build.repository)}-dev+src.${inputs.slice(0, SHORT_HASH)}`;
  const started = performance.now();
  const runtime = await runtimeOf(platform, build);
  await compileAgent({ ...build, version, platform, runtime, target });
  await writeStamp(folder, { inputs, version, effort: "quick" });
  build.say(`${platform.id.padEnd(12)} compiled in ${seconds(started)}`);
  return { target, version };
}

async function readStamp(folder: string): Promise<Stamp | null> {
  const file = join(folder, "build.json");
  return existsSync(file) ? (JSON.parse(await readFile(file, "utf8")) as Stamp) : null;
}

async function writeStamp(folder: string, stamp: Stamp): Promise<void> {
  await writeFile(join(folder, "build.json"), `${JSON.stringify(stamp)}\n`);
}

const megabytes = (file: BundleFile) =>
  `${(file.size / 1e6).toFixed(1)} MB, zstd ${(file.zst_size / 1e6).toFixed(1)} MB, gzip ${(file.gz_size / 1e6).toFixed(1)} MB`;

const seconds = (started: number) => `${((performance.now() - started) / 1000).toFixed(1)} s`;
