/** What server and agent agree on before snapshots are removed: the ones that the plan knew, and the ones that go. */
import { createHash } from "node:crypto";

/** So many snapshots go in one job at most; a longer first forget is done in several. */
export const MOST_REMOVED_PER_JOB = 8000;

/** Equal for equal sets of snapshot ids, in any order; hex. */
export function digestOfIds(ids: Iterable<string>): string {
  return createHash("sha256")
    .update([...ids].sort().join("\n"))
    .digest("hex");
}
