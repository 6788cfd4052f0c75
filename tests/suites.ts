// The test suites in the order in which a run takes them: what is quick and basic first.

export type Suite = {
  name: string;
  /** Folders or files for the test runner, relative to the repository. */
  paths: string[];
  /** How many files run at once. */
  processes: number;
  /** Milliseconds for a test that names no time-out of its own. */
  timeoutMs: number;
};

export const SUITES: readonly Suite[] = [
  { name: "unit tests", paths: ["shared", "db", "server", "ui", "agent", "install"], processes: 2, timeoutMs: 20_000 },
  { name: "rules of the house", paths: ["tests/*.test.ts"], processes: 2, timeoutMs: 20_000 },
  { name: "test bed", paths: ["tests/testbed"], processes: 2, timeoutMs: 30_000 },
  { name: "end to end", paths: ["tests/e2e", "tests/demo", "tests/harness"], processes: 2, timeoutMs: 60_000 },
  { name: "faults", paths: ["tests/faults"], processes: 2, timeoutMs: 120_000 },
  {
    name: "installing, other platforms",
    paths: ["tests/install", "tests/arm64", "tests/windows"],
    processes: 1,
    timeoutMs: 120_000,
  },
];

export type SuiteFiles = Suite & { files: string[] };

/** Sorts test files into suites; files of no suite form a last one, so that none is forgotten. Empty suites are left out. */
export function sortIntoSuites(files: readonly string[], filters: readonly string[]): SuiteFiles[] {
  const wanted = files.filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)));
  const rest = new Set(wanted);
  const sorted = SUITES.map((suite) => {
    const own = wanted.filter((file) => suite.paths.some((path) => isBelow(file, path)));
    for (const file of own) rest.delete(file);
    return { ...suite, files: own };
  });
  const others = { name: "others", paths: [], processes: 1, timeoutMs: 60_000, files: [...rest] };
  return [...sorted, others].filter((suite) => suite.files.length > 0);
}

function isBelow(file: string, path: string): boolean {
  return path.includes("*") ? new Bun.Glob(path).match(file) : file.startsWith(`${path}/`);
}
