/** Opens the data folder for commands, and prints their failures. */
import { type OpenOutcome, openData } from "../open-data.ts";
import type { ServerParts } from "../runtime/world.ts";

/** @returns the exit code of a failure */
export function fail(...problems: string[]): number {
  for (const problem of problems) console.error(problem);
  return 1;
}

/** Opens the data folder, does the work and closes it. @param exclusive the server must not be running */
export async function withData(
  exclusive: boolean,
  work: (parts: ServerParts, opened: Extract<OpenOutcome, { ok: true }>) => number | Promise<number>,
): Promise<number> {
  const opened = await openData({ exclusive });
  if (!opened.ok) return fail(...opened.problems);
  try {
    return await work(opened.parts, opened);
  } finally {
    opened.close();
  }
}
