/** Who changed something last, and when, as the beginning of a sentence. */
import type { Db } from "../../db/open.ts";
import { listAudit } from "../../db/queries/audit.ts";
import type { View } from "../../ui/view.ts";

/** "anna saved this today 12:40", "You saved this in another tab today 12:40". @param at when it was stored, Unix ms */
export function lastChangeInWords(
  db: Db,
  targetId: string,
  at: number,
  view: Pick<View, "viewer" | "dates" | "now">,
): string {
  const [last] = listAudit(db, { target_id: targetId }, 1, 0).items;
  const when = view.dates.near(at, view.now);
  if (last?.userId != null && last.userId === view.viewer.id) return `You saved this in another tab ${when}`;
  return `${last?.username ?? "Somebody"} saved this ${when}`;
}
