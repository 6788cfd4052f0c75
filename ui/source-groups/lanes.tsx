// The retention editor: one lane per rule with a preview of what it keeps over the coming year, and a lane for the total.

import type { FormState } from "../../shared/pages.ts";
import type { CountRule, Retention, SpanRule } from "../../shared/retention.ts";
import type { Lane, LaneName, RetentionPreview } from "../../shared/retention-preview.ts";
import { DAY_MS } from "../../shared/time/clock.ts";
import { MONTHS, shortName } from "../../shared/time/days.ts";
import { FieldError } from "../components/field.tsx";
import { Glyph } from "../components/glyph.tsx";
import { createDates, formatCount, formatPlural } from "../format.ts";

const ROWS: readonly { name: LaneName; label: string; count: CountRule; span: SpanRule; unit: string }[] = [
  { name: "last", label: "Every run", count: "keep_last", span: "keep_within", unit: "runs" },
  { name: "hourly", label: "Hourly", count: "keep_hourly", span: "keep_within_hourly", unit: "hours" },
  { name: "daily", label: "Daily", count: "keep_daily", span: "keep_within_daily", unit: "days" },
  { name: "weekly", label: "Weekly", count: "keep_weekly", span: "keep_within_weekly", unit: "weeks" },
  { name: "monthly", label: "Monthly", count: "keep_monthly", span: "keep_within_monthly", unit: "months" },
  { name: "yearly", label: "Yearly", count: "keep_yearly", span: "keep_within_yearly", unit: "years" },
];

/** `previewPath` returns this component again, redrawn. */
export function RetentionLanes({
  form,
  retention,
  preview,
  previewPath,
}: {
  form: FormState;
  retention: Retention;
  preview: RetentionPreview;
  previewPath: string;
}) {
  const dates = createDates(preview.zone);
  const typed = (rule: keyof Retention) => form.values[rule] ?? String(retention[rule] ?? "");
  return (
    <div
      class="lanes"
      id="lanes"
      hx-get={previewPath}
      hx-trigger="input delay:200ms"
      hx-include="#lanes input"
      hx-swap="outerMorph"
      hx-sync="this:replace"
    >
      <div class="lane lane-top">
        <span />
        <span class="unit">latest</span>
        <span class="unit">or all within</span>
        <Axis preview={preview} />
      </div>
      {ROWS.map(({ name, label, count, span, unit }) => {
        const lane = preview.lanes[name];
        const error = form.errors[count] ?? form.errors[span];
        const note = error || lane.conflict ? `lane-${name}-note` : undefined;
        const described = note ? { "aria-describedby": note } : {};
        return (
          <div class={`lane${lane.conflict ? " conflict" : lane.isSet ? "" : " idle"}`} id={`lane-${name}`}>
            <label for={count}>{label}</label>
            <input
              class="input"
              id={count}
              name={count}
              inputmode="numeric"
              autocomplete="off"
              maxlength={4}
              value={typed(count)}
              aria-label={`${label}: latest ${unit}`}
              {...(form.errors[count] ? { "aria-invalid": "true" as const } : {})}
              {...described}
            />
            <input
              class="input"
              id={span}
              name={span}
              autocomplete="off"
              spellcheck={false}
              maxlength={20}
              placeholder="–"
              value={typed(span)}
              aria-label={`${label}: all within, such as 1y6m or 30d`}
              {...(form.errors[span] ? { "aria-invalid": "true" as const } : {})}
              {...described}
            />
            <Ticks times={lane.times} preview={preview} height={22} words={laneInWords(lane, dates.date)} />
            {error && note ? (
              <div class="lane-note">
                <FieldError id={note}>{error}</FieldError>
              </div>
            ) : lane.conflict ? (
              <p class="lane-note error warn" id={note}>
                <Glyph name="warning" />
                <span>{lane.conflict}</span>
              </p>
            ) : null}
          </div>
        );
      })}
      <div class="lane lane-kept">
        <b class="label">Kept</b>
        <b class="num mono">{formatCount(preview.kept.length)}</b>
        <span class="unit">of {formatCount(preview.runs)}</span>
        <Ticks
          times={preview.kept}
          preview={preview}
          height={34}
          words={`${formatCount(preview.kept.length)} of ${formatPlural(preview.runs, "snapshot")} are kept`}
        />
        <p class="lane-note hint">{keptInWords(preview, dates.date)}</p>
      </div>
    </div>
  );
}

function Axis({ preview }: { preview: RetentionPreview }) {
  return (
    <svg class="axis" width="100%" height="20" aria-hidden="true">
      {monthsOf(preview).map(({ at, label }, index) => {
        const x = percent(at, preview);
        return (
          <>
            <line x1={x} x2={x} y1="0" y2="20" />
            <text x={x} dx="4" y="14" class={index % 2 === 1 ? "odd" : undefined}>
              {label}
            </text>
          </>
        );
      })}
    </svg>
  );
}

/** The width of a lane in pixels. */
const STEPS = 732;

function Ticks(props: { times: readonly number[]; preview: RetentionPreview; height: number; words: string }) {
  const { times, preview, height, words } = props;
  const span = preview.until - preview.from;
  const steps = [...new Set(times.map((at) => Math.floor(((at - preview.from) / span) * STEPS)))];
  // Nightly marks are two steps apart and would merge if they were wider.
  const width = steps.some((step, at) => at > 0 && (steps[at - 1] as number) - step < 4) ? 1 : 2;
  return (
    <svg width="100%" height={height} role="img" aria-label={words}>
      <line class="base" x1="0" x2="100%" y1={height - 0.5} y2={height - 0.5} />
      {steps.map((step) => (
        <rect
          class="tick"
          x={`${((step / STEPS) * 100).toFixed(2)}%`}
          y={height === 22 ? 4 : 0}
          width={width}
          height={height === 22 ? 18 : 34}
        />
      ))}
    </svg>
  );
}

function laneInWords({ times }: Lane, date: (at: number) => string): string {
  const oldest = times.at(-1);
  if (oldest === undefined) return "keeps none on its own";
  return `${formatPlural(times.length, "snapshot")}, back to ${date(oldest)}`;
}

const PACES = [
  { most: 1.3 * DAY_MS, words: "one a day" },
  { most: 8.5 * DAY_MS, words: "one a week" },
  { most: 32 * DAY_MS, words: "one a month" },
  { most: Number.POSITIVE_INFINITY, words: "one a year" },
];

/** "Every run back to 7 Nov 2027, then one a week back to 3 Oct 2027. Of today's 40 snapshots, 3 would be left." */
function keptInWords({ kept, gapMs, olderKept, older }: RetentionPreview, date: (at: number) => string): string {
  const today =
    older === 0
      ? ""
      : olderKept === older
        ? ` ${older === 1 ? "Today’s only snapshot" : `All of today’s ${formatCount(older)} snapshots`} would still be there.`
        : ` Of today’s ${formatPlural(older, "snapshot")}, ${olderKept === 0 ? "none would be left" : `${formatCount(olderKept)} would be left`}.`;
  if (gapMs === null) return `No schedule runs this source group, so there is nothing to preview.${today}`;
  const parts: { words: string; to: number }[] = [];
  let pace = -1;
  for (const [at, time] of kept.entries()) {
    if (at === 0) continue;
    const gap = (kept[at - 1] as number) - time;
    const next = gap <= gapMs * 1.3 ? -1 : PACES.findIndex(({ most }) => gap <= most);
    pace = Math.max(pace, next);
    const words = pace < 0 ? "every run" : (PACES[pace]?.words ?? "");
    const last = parts.at(-1);
    if (last?.words === words) last.to = time;
    else parts.push({ words, to: time });
  }
  if (parts.length === 0) return `Only the latest run is kept.${today}`;
  const words = parts.map((part, at) => `${at === 1 ? "then " : ""}${part.words} back to ${date(part.to)}`).join(", ");
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.${today}`;
}

function monthsOf({ from, until }: RetentionPreview): { at: number; label: string }[] {
  const first = new Date(from);
  return Array.from({ length: 12 }, (_, n) => {
    const at = Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + n + 1, 1);
    const month = new Date(at);
    const year = month.getUTCMonth() === 0 ? ` ’${String(month.getUTCFullYear()).slice(2)}` : "";
    return { at, label: `${shortName(MONTHS[month.getUTCMonth()] ?? "")}${year}` };
  }).filter(({ at }) => at < until - 12 * DAY_MS);
}

function percent(at: number, { from, until }: RetentionPreview): string {
  return `${(((at - from) / (until - from)) * 100).toFixed(2)}%`;
}
