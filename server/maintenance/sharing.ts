/** Several repos that are one repository: who of them maintains it. Pure. */
import type { DeleteRight } from "./delete-right.ts";

export type Sharer = {
  id: string;
  isEnabled: boolean;
  isReady: boolean;
  /** The host that would do it has been heard of lately: nobody waits for one that is gone while another can. */
  isHeard: boolean;
  right: DeleteRight;
};

/** The one that maintains: ready, switched on, best heard of and with the right to delete; of equals the oldest. null = nobody can. */
export function maintainerOf(sharers: readonly Sharer[]): string | null {
  const able = sharers.filter(({ isEnabled, isReady }) => isEnabled && isReady);
  const heard = best(able, ({ isHeard }) => isHeard);
  const ids = best(heard, ({ right }) => right !== "none").map(({ id }) => id);
  return ids.sort()[0] ?? null;
}

/** Those that have it; all, when none has. */
function best(sharers: readonly Sharer[], has: (sharer: Sharer) => boolean): readonly Sharer[] {
  const those = sharers.filter(has);
  return those.length > 0 ? those : sharers;
}
