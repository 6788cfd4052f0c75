// Command `npm run build`: compiles and compresses the agents of all platforms, as the server hands them out.
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildAgents } from "./build-agents.ts";
import { PLATFORMS } from "./platforms.ts";
import { versionOfBuild, writeVersion } from "./version.ts";

const USAGE = `usage: npm run build -- [--out DIR] [--only PLATFORM]... [--fast] [--if-stale] [--release] [--entry FILE]
  --out DIR        where the bundle goes (default dist: the agents into dist/agent)
  --only PLATFORM  ${PLATFORMS.map((platform) => platform.id).join(", ")}; may be repeated (default: all)
  --fast           compress quickly instead of well
  --if-stale       leave alone what was made of the same sources
  --release        call it by package.json's version, not by its commit
  --entry FILE     the program's entry (default agent/main.ts)`;

const options = {
  out: { type: "string", default: "dist" },
  only: { type: "string", multiple: true, default: [] as string[] },
  fast: { type: "boolean", default: false },
  release: { type: "boolean", default: false },
  "if-stale": { type: "boolean", default: false },
  entry: { type: "string", default: "agent/main.ts" },
} as const;

function fail(message: string): never {
  console.error(`${message}\n${USAGE}`);
  process.exit(2);
}

function parse() {
  try {
    return parseArgs({ options, strict: true }).values;
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

const values = parse();
const unknown = values.only.filter((id) => !PLATFORMS.some((platform) => platform.id === id));
if (unknown.length > 0) fail(`no such platform: ${unknown.join(", ")}`);
const repository = resolve(import.meta.dir, "../..");

const version = versionOfBuild(repository, values);
writeVersion(resolve(values.out), version);
console.log(`restic-manager ${version}`);
await buildAgents({
  repository,
  entry: values.entry,
  cache: join(repository, ".cache/build"),
  out: join(resolve(values.out), "agent"),
  platforms: values.only.length > 0 ? PLATFORMS.filter((platform) => values.only.includes(platform.id)) : PLATFORMS,
  effort: values.fast ? "quick" : "small",
  version,
  ifStale: values["if-stale"],
  say: (line) => console.log(line),
});
