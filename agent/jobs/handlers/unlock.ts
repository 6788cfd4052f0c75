/** unlock: removes stale locks, never those of a running process. */
import { askLocks, lockTrouble } from "../../restic/locks.ts";
import { countOf } from "../../words.ts";
import { approach } from "./approach.ts";
import { failed, type Handler, succeeded, verdictOfEnd } from "./handler.ts";

export const unlock: Handler = async (context, deps) => {
  const refused = await approach(context, deps);
  if (refused) return refused;
  const ask = (order: Parameters<typeof context.restic>[0]) => context.restic(order, { capture: true });
  const before = await askLocks(ask);
  const result = await ask({ do: "unlock" });
  const failure = verdictOfEnd(result);
  if (failure) return failure;
  const after = await askLocks(ask);
  const removed = Math.max(0, (before?.files ?? 0) - (after?.files ?? 0));
  context.log.event(`${countOf(removed, "stale lock")} removed, ${countOf(after?.files ?? 0, "lock")} left`);
  const trouble = after && lockTrouble(after, "prune", deps.clock.now());
  if (trouble) context.log.event(trouble.message);
  const oldest = after && after.locks.length > 0 ? Math.min(...after.locks.map((lock) => lock.time)) : null;
  const part = {
    stats: { locks_removed: removed, locks_left: after?.files ?? null, oldest_lock_at: oldest },
    due: ["status" as const],
  };
  return trouble?.lasts ? failed("repo_locked", trouble.message, part) : succeeded(part);
};
