/** Several repos that are one repository: who of them maintains it. Pure. */
import type { DeleteRight } from "./delete-right.ts";

export type Sharer = { id: string; isEnabled: boolean; isReady: boolean; right: DeleteRight };

/** The one that maintains: ready, switched on, best with the right to delete; of equals the oldest. null = nobody can. */
export function maintainerOf(sharers: readonly Sharer[]): string | null {
  const able = sharers.filter(({ isEnabled, isReady }) => isEnabled && isReady);
  const withRight = able.filter(({ right }) => right !== "none");
  const ids = (withRight.length > 0 ? withRight : able).map(({ id }) => id);
  return ids.sort()[0] ?? null;
}
