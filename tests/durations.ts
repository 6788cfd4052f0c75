// Reads how long each test file took from the report that `bun test` writes.

export type FileTime = { file: string; seconds: number };

/** Reads the files' own lines of a JUnit report; groups of tests inside a file are part of its time. */
export function fileTimesOf(report: string): FileTime[] {
  return [...report.matchAll(/<testsuite name="([^"]*)" file="([^"]*)"[^>]*? time="([\d.]+)"/g)]
    .filter(([, name, file]) => name === file)
    .map(([, , file = "", seconds]) => ({ file, seconds: Number(seconds) }));
}

/** The slowest files, one line each, slowest first. */
export function slowestLines(times: readonly FileTime[], most: number): string[] {
  return times
    .toSorted((a, b) => b.seconds - a.seconds)
    .slice(0, most)
    .map(({ file, seconds }) => `${seconds.toFixed(1).padStart(6)} s  ${file}`);
}
