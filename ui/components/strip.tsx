// The night strip: one cell per day for the last 30 days, built as text because a fleet has thousands of cells.
import { raw } from "hono/html";
import type { StripDay, StripOutcome } from "../../shared/nights.ts";
import { STRIP_DAYS } from "../../shared/nights.ts";
import { formatDay, formatPlural } from "../format.ts";
import { topicOf } from "../jobs/warning-words.ts";

const CELLS: Record<StripOutcome, { mark: string; words: string }> = {
  ok: { mark: "o", words: "ok" },
  warning: { mark: "w", words: "finished with warnings" },
  recovered: { mark: "w", words: "failed, then recovered" },
  failed: { mark: "f", words: "failed" },
  missed: { mark: "m", words: "missed" },
  none_due: { mark: "n", words: "none due" },
  running: { mark: "r", words: "running" },
};

/** The class that separates weeks, by which of the first seven cells is a Monday. */
export function mondayClass(days: readonly string[]): string {
  const first = new Date(`${days[0]}T00:00:00Z`).getUTCDay();
  return `mon-${((8 - first) % 7) + 1}`;
}

function facts({ outcome, runs, failed, due }: StripDay): string {
  if (outcome === "missed" && due !== undefined)
    return `\n${formatPlural(due, "run was", "runs were")} due, ${runs === 0 ? "none ran" : `${runs} ran`}`;
  if (runs === 0 || outcome === "none_due") return "";
  if (failed === 0) return runs > 1 ? `\n${runs} runs` : "";
  return `\n${formatPlural(runs, "run")}, ${failed} failed`;
}

function wordsOf({ outcome, warningCodes }: StripDay): string {
  const { words } = CELLS[outcome];
  return warningCodes && warningCodes.length > 0 ? `${words}: ${warningCodes.map(topicOf).join(", ")}` : words;
}

function summary(cells: readonly StripDay[]): string {
  const counts = new Map<string, number>();
  for (const { outcome } of cells) {
    const { words } = CELLS[outcome];
    counts.set(words, (counts.get(words) ?? 0) + 1);
  }
  return [...counts].map(([words, count]) => `${count} ${words}`).join(", ");
}

function escapeAttribute(text: string): string {
  return text.replace(/[&"<>]/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** "Thu 22 Oct" for each day, made once per table. */
export function dayLabels(days: readonly string[]): string[] {
  return days.map(formatDay);
}

/** A strip whose cells link to the day's jobs. `query` filters them, for example "host_id=…". */
export function NightStrip({
  label,
  query,
  days,
  labels = dayLabels(days),
  outcomes,
}: {
  label: string;
  query: string;
  days: readonly string[];
  labels?: readonly string[];
  outcomes: readonly StripDay[];
}) {
  const known = new Map(outcomes.map((row) => [row.day, row]));
  const cells = days.map((day): StripDay => known.get(day) ?? { day, outcome: "none_due", runs: 0, failed: 0 });
  const href = escapeAttribute(`/jobs?${query}&kind=backup&day=`);
  const links = cells.map((cell, at) => {
    const { mark } = CELLS[cell.outcome];
    return `<a class="${mark}" tabindex="-1" href="${href}${cell.day}" aria-label="${labels[at]}: ${wordsOf(cell)}${facts(cell)}"></a>`;
  });
  const words = escapeAttribute(`${label}, last ${STRIP_DAYS} days: ${summary(cells)}`);
  return raw(
    `<div class="strip ${mondayClass(days)}" role="group" tabindex="0" aria-label="${words}">${links.join("")}</div>`,
  );
}

/** The dates above a column of strips: every Monday with enough room. */
export function StripScale({ days }: { days: readonly string[] }) {
  return (
    <div class={`strip-scale ${mondayClass(days)}`} aria-hidden="true">
      {days.map((day, at) => {
        const monday = new Date(`${day}T00:00:00Z`).getUTCDay() === 1;
        return <i>{monday && at <= STRIP_DAYS - 5 ? formatDay(day).slice(4) : ""}</i>;
      })}
    </div>
  );
}

const KEY = [
  ["o", "ok"],
  ["w", "warnings"],
  ["f", "failed"],
  ["m", "missed"],
  ["r", "running"],
  ["n", "none due"],
] as const;

/** The legend of the cells. */
export function StripKey({ short }: { short?: boolean }) {
  return (
    <div class="strip-key" aria-hidden="true">
      {KEY.filter(([mark]) => !short || "owfr".includes(mark)).map(([mark, words]) => (
        <span>
          <i class="strip">
            <b class={mark} />
          </i>
          {words}
        </span>
      ))}
    </div>
  );
}

/** Thirty empty cells, for the empty dashboard and the sign-in page. */
export function GhostStrip({ days, mark }: { days: readonly string[]; mark: "n" | "b" }) {
  return (
    <div class={`strip ${mondayClass(days)}`} aria-hidden="true">
      {days.map(() => (
        <i class={mark} />
      ))}
    </div>
  );
}
