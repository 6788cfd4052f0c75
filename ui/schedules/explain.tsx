// Explains a cron expression in words and by its next five runs, updated while typing.
import type { Explanation } from "../../shared/time/cron-words.ts";
import { Glyph } from "../components/glyph.tsx";
import { formatDay, formatRelative } from "../format.ts";

export function ExplainBox({
  explanation,
  path,
  now,
  today,
}: {
  explanation: Explanation | null;
  path: string;
  now: number;
  /** Today in the schedule's zone. */
  today: string;
}) {
  return (
    <div
      class="explain"
      id="explain"
      aria-live="polite"
      hx-get={path}
      hx-trigger="input delay:200ms from:#editor, change from:#editor"
      hx-include="#cron, #timezone, #splay_minutes"
      hx-swap="outerMorph"
      hx-sync="this:replace"
    >
      {explanation === null ? (
        <p class="t2">Choose a quick pick or enter an expression to see the next five runs.</p>
      ) : explanation.ok ? (
        <>
          <p>
            <b>{explanation.words}.</b> <span class="t2">{explanation.splay ?? `Times in ${explanation.zone}.`}</span>
          </p>
          <ol class="next" aria-label="Next five runs">
            {explanation.runs.map(({ at, day, time }) => (
              <li>
                <b>{formatDay(day)}</b>
                <code>{time}</code>
                <span class="meta">{day === today ? "today" : formatRelative(at, now)}</span>
              </li>
            ))}
          </ol>
        </>
      ) : (
        <p class="error">
          <Glyph name="failed" />
          <span>{explanation.problem}</span>
        </p>
      )}
    </div>
  );
}
