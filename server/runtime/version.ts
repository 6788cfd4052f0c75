/** The server's own version. The server runs from source, so a build or `npm start` leaves a file with the version. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PRODUCT_VERSION, RELEASE } from "../../shared/version.ts";

const FILE = join(import.meta.dir, "../../dist/version.json");

export const SERVER_VERSION: string = versionIn(FILE) ?? PRODUCT_VERSION;

/** null also for the version of another release, because the sources have changed since. */
export function versionIn(file: string): string | null {
  try {
    const { version } = JSON.parse(readFileSync(file, "utf8")) as { version?: unknown };
    return typeof version === "string" && version.startsWith(RELEASE) ? version : null;
  } catch {
    return null;
  }
}
