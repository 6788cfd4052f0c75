/** Who saved something last, and when, as the beginning of a sentence. */
import type { Db } from "../../db/open.ts";
import { listAudit } from "../../db/queries/audit.ts";
import type { View } from "../../ui/view.ts";

/** What the audit log calls it when the thing is saved: who only ran it did not. */
export type Saving = { action: string; targetId: string };

/** "anna saved this today 12:40", "You saved this in another tab today 12:40". @param at when it was stored, Unix ms; for a log that knows nothing of it */
export function lastChangeInWords(
  db: Db,
  { action, targetId }: Saving,
  at: number,
  view: Pick<View, "viewer" | "dates" | "now">,
): string {
  const [last] = listAudit(db, { action, target_id: targetId }, 1, 0).items;
  const when = view.dates.near(last?.ts ?? at, view.now);
  if (last?.userId != null && last.userId === view.viewer.id) return `You saved this in another tab ${when}`;
  return `${last?.username ?? "Somebody"} saved this ${when}`;
}
