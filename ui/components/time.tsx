// Times: relative words that the browser keeps fresh, with the absolute local time on hover.
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

/** "09:13:20", with the date on hover. */
export function Clock({ at, view }: At) {
  return (
    <time datetime={new Date(at).toISOString()} title={view.dates.full(at)}>
      {view.dates.clock(at)}
    </time>
  );
}
