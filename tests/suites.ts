// Lists the test suites in the order in which they run, quick and basic ones first.

export type Suite = {
  name: string;
  /** Folders or files for the test runner, relative to the repository. */
  paths: string[];
  /** How many files run at once. */
  processes: number;
  /** Milliseconds for a test that names no time-out of its own. */
  timeoutMs: number;
  /** Where tests mostly wait for other programs: each file gets a process of its own, and these files (parts of paths) start first. */
  longest?: string[];
};

export const SUITES: readonly Suite[] = [
  {
    name: "unit tests",
    paths: ["shared", "db", "server", "ui", "agent", "install", "tests/bench"],
    processes: 2,
    timeoutMs: 60_000,
  },
  { name: "attacks", paths: ["tests/attacks"], processes: 2, timeoutMs: 60_000 },
  { name: "rules of the house", paths: ["tests/*.test.ts"], processes: 2, timeoutMs: 60_000 },
  {
    name: "whole product",
    paths: ["testbed", "e2e", "demo", "harness", "faults", "install", "arm64", "windows"].map(
      (name) => `tests/${name}`,
    ),
    processes: 3,
    timeoutMs: 120_000,
    longest: [
      "faults/agent-state",
      "windows/service",
      "testbed/container",
      "install/outside",
      "e2e/axe",
      "faults/schedules",
      "faults/locked-repo",
      "e2e/main-job-browser",
      "e2e/repo-kinds",
      "e2e/repo-clouds",
      "e2e/maintenance-rest",
      "faults/frames",
      "install/install-agent",
    ],
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
    return { ...suite, files: longestFirst(own, suite.longest ?? []) };
  });
  const others = { name: "others", paths: [], processes: 1, timeoutMs: 60_000, files: [...rest] };
  return [...sorted, others].filter((suite) => suite.files.length > 0);
}

function longestFirst(files: string[], longest: string[]): string[] {
  const rank = (file: string) => {
    const place = longest.findIndex((part) => file.includes(part));
    return place === -1 ? longest.length : place;
  };
  return files.toSorted((a, b) => rank(a) - rank(b));
}

function isBelow(file: string, path: string): boolean {
  return path.includes("*") ? new Bun.Glob(path).match(file) : file.startsWith(`${path}/`);
}
