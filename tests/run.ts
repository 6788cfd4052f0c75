// Runs `npm test`: fetches the tools, builds the agents, runs the checks, then all suites, quick ones first.
// Usage: npm test [-- PART-OF-A-PATH...] runs only the test files whose path contains one of the parts.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { addCounts, type Counts, countsLine, countsOf, NO_TESTS } from "./counts.ts";
import { type FileTime, fileTimesOf, slowestLines } from "./durations.ts";
import { type SuiteFiles, sortIntoSuites } from "./suites.ts";
import { ensureDist } from "./testbed/dist.ts";
import { readAll } from "./testbed/output.ts";
import { type ToolName, toolOrNull } from "./testbed/tools.ts";

const REPOSITORY = resolve(import.meta.dir, "..");

/** Fetched before anything runs; suites that need more fetch it themselves. */
const TOOLS: ToolName[] = ["restic-0.18", "restic-0.19", "restic-0.14", "rest-server", "chromium", "restic-0.19-arm64"];

const SLOWEST_SHOWN = 15;

const filters = process.argv.slice(2);
const started = performance.now();
const elapsed = () => `${((performance.now() - started) / 1000).toFixed(0)} s`;
const heading = (text: string) => console.log(`\n=== ${text} (at ${elapsed()})`);

heading("tools");
for (const tool of TOOLS) await toolOrNull(tool);

const reports = mkdtempSync(join(tmpdir(), "rm-test-reports-"));
const times: FileTime[] = [];
let total = NO_TESTS;
const failures: string[] = [];
const count = (name: string, counts: Counts) => {
  total = addCounts(total, counts);
  if (counts.failed > 0) failures.push(`${name}: ${countsLine(counts)}`);
};

heading("agents");
count("agents", await step(() => ensureDist({ say: (line) => console.log(line) })));
if (filters.length === 0) {
  heading("type check and lint");
  count("type check", await command(["tsc", "--noEmit"]));
  count("lint", await command(["biome", "check", "--diagnostic-level=warn"]));
}
for (const suite of sortIntoSuites(await testFiles(), filters)) {
  heading(`${suite.name}: ${suite.files.length} files`);
  count(suite.name, await runSuite(suite));
}

rmSync(reports, { recursive: true });
if (filters.length === 0) {
  console.log("\nslowest files (those of one suite run beside each other):");
  for (const line of slowestLines(times, SLOWEST_SHOWN)) console.log(line);
}
if (failures.length > 0) console.log(`\nfailed:\n  ${failures.join("\n  ")}`);
console.log(`\n${elapsed()} in all`);
console.log(countsLine(total));
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;

async function step(work: () => Promise<unknown>): Promise<Counts> {
  try {
    await work();
    return NO_TESTS;
  } catch (error) {
    console.error(error);
    return { ...NO_TESTS, failed: 1 };
  }
}

async function command([program, ...args]: [string, ...string[]]): Promise<Counts> {
  const path = resolve(REPOSITORY, "node_modules/.bin", program);
  const child = Bun.spawn([path, ...args], { cwd: REPOSITORY, stdio: ["ignore", "inherit", "inherit"] });
  return { ...NO_TESTS, [(await child.exited) === 0 ? "passed" : "failed"]: 1 };
}

async function testFiles(): Promise<string[]> {
  const glob = new Bun.Glob("{shared,db,server,ui,agent,install,tests}/**/*.test.{ts,tsx}");
  const files: string[] = [];
  for await (const file of glob.scan({ cwd: REPOSITORY })) files.push(file);
  return files.sort();
}

/** Runs the files of a suite, showing what fails as it happens. */
async function runSuite(suite: SuiteFiles): Promise<Counts> {
  if (!suite.longest) return await runFiles(suite.files, suite, (text) => void process.stderr.write(text));
  const waiting = [...suite.files];
  let counts = NO_TESTS;
  const takeFiles = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const begun = performance.now();
      let said = "";
      const found = await runFiles([file], { ...suite, processes: 1 }, (text) => {
        said += text;
      });
      counts = addCounts(counts, found);
      if (found.failed > 0) process.stderr.write(said);
      console.log(`${((performance.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${file}: ${countsLine(found)}`);
    }
  };
  await Promise.all(Array.from({ length: suite.processes }, takeFiles));
  return counts;
}

/** One call of the test runner; `say` hears its output as it comes. */
async function runFiles(
  files: string[],
  { processes, timeoutMs }: Pick<SuiteFiles, "processes" | "timeoutMs">,
  say: (text: string) => void,
): Promise<Counts> {
  const args = ["test", "--no-orphans", "--only-failures", `--timeout=${timeoutMs}`];
  const report = join(reports, `${Bun.randomUUIDv7()}.xml`);
  args.push("--reporter=junit", `--reporter-outfile=${report}`);
  const parallel = processes > 1 ? [`--parallel=${processes}`] : [];
  const child = Bun.spawn([process.execPath, ...args, ...parallel, ...files.map((file) => `./${file}`)], {
    cwd: REPOSITORY,
    env: testEnvironment(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  await Promise.all([
    readAll(child.stdout, say),
    readAll(child.stderr, (text) => {
      say(text);
      output += text;
    }),
  ]);
  const exitCode = await child.exited;
  const written = Bun.file(report);
  if (await written.exists()) times.push(...fileTimesOf(await written.text()));
  return countsOf(output, exitCode);
}

/** No setting of the caller's reaches a test, except where tools are kept. */
function testEnvironment(): Record<string, string | undefined> {
  const own = Object.entries(process.env).filter(([name]) => !/^(RM_|RESTIC_)/.test(name) || name === "RM_TEST_CACHE");
  return { ...Object.fromEntries(own), ...(process.stderr.isTTY ? { FORCE_COLOR: "1" } : {}) };
}
