/** unlock: removes stale locks, never those of a living process. */
import { askLocks } from "../restic/survey.ts";
import { countOf } from "../words.ts";
import { approach } from "./approach.ts";
import { type Handler, succeeded, verdictOfEnd } from "./handler.ts";

export const unlock: Handler = async (context, deps) => {
  const refused = await approach(context, deps);
  if (refused) return refused;
  const ask = (order: Parameters<typeof context.restic>[0]) => context.restic(order, { capture: true });
  const before = await askLocks(ask);
  const result = await ask({ do: "unlock" });
  const failure = verdictOfEnd(result);
  if (failure) return failure;
  const after = await askLocks(ask);
  const removed = Math.max(0, (before?.length ?? 0) - (after?.length ?? 0));
  context.log.event(`${countOf(removed, "stale lock")} removed, ${countOf(after?.length ?? 0, "lock")} left`);
  const oldest = after && after.length > 0 ? Math.min(...after.map((lock) => lock.time)) : null;
  return succeeded({
    stats: { locks_removed: removed, locks_left: after?.length ?? null, oldest_lock_at: oldest },
    due: ["status"],
  });
};
