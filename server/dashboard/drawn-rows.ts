/** Rows of the fleet table as they were drawn last: a poll draws only those whose host was read anew since. */
import type { DrawRow, FleetRow } from "../../ui/dashboard/rows.tsx";

/** A zone is what a browser says it is: nobody fills the memory with them. */
const MOST_WAYS = 50;

/** @returns by everything else that a row shows (who looks, the minute, the days), how to draw it */
export function createDrawnRows(): (key: string) => DrawRow {
  /** Gone together with the row. */
  const known = new WeakMap<FleetRow, Map<string, string>>();
  return (key) => (row, draw) => {
    const drawn = known.get(row) ?? new Map<string, string>();
    known.set(row, drawn);
    const before = drawn.get(key);
    if (before !== undefined) return before;
    if (drawn.size >= MOST_WAYS) drawn.clear();
    const html = draw();
    drawn.set(key, html);
    return html;
  };
}
