/** What server and agent agree on before snapshots are removed: the known snapshots, and those to remove. */
import { createHash } from "node:crypto";

/** The most snapshots that one job removes. A longer first forget takes several jobs. */
export const MOST_REMOVED_PER_JOB = 8000;

/** Hex digest, the same for the same set of snapshot ids in any order. */
export function digestOfIds(ids: Iterable<string>): string {
  return createHash("sha256")
    .update([...ids].sort().join("\n"))
    .digest("hex");
}
