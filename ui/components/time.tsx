// Times: relative ones that the browser keeps up to date, with the absolute local time as a tooltip.
import { formatRelative } from "../format.ts";
import type { View } from "../view.ts";

type At = { at: number; view: Pick<View, "now" | "dates"> };

/** "7 h ago" or "in 16 h". */
export function Ago({ at, view }: At) {
  return (
    <time datetime={new Date(at).toISOString()} title={view.dates.full(at)} data-ago="">
      {formatRelative(at, view.now)}
    </time>
  );
}

/** "today 19:00", "Sat 02:04", "17 Nov". */
export function Near({ at, view }: At) {
  return (
    <time datetime={new Date(at).toISOString()} title={view.dates.full(at)}>
      {view.dates.near(at, view.now)}
    </time>
  );
}

/** "09:13:20", with the date as a tooltip. */
export function Clock({ at, view }: At) {
  return (
    <time datetime={new Date(at).toISOString()} title={view.dates.full(at)}>
      {view.dates.clock(at)}
    </time>
  );
}
