// The warning that checks take over a year to read all of a repo's data, with what would shorten it.
import { DAY_MS, SECOND_MS } from "../../shared/time/clock.ts";
import { Notice } from "../components/panels.tsx";
import { formatCount, formatSpan } from "../format.ts";
import type { MaintenanceView } from "./types.ts";

const GIB = 2 ** 30;
/** The unit for spans from a given length, as in `formatSpan`. */
const UNITS = [
  { from: 730 * DAY_MS, ms: 365.25 * DAY_MS },
  { from: 60 * DAY_MS, ms: 30.44 * DAY_MS },
  { from: DAY_MS, ms: DAY_MS },
] as const;

/** "every 12 years", "every 2 months", "every day", rounded to the nearest. */
export function everySpan(ms: number): string {
  const unit = UNITS.find(({ from }) => ms >= from)?.ms ?? 1;
  const words = formatSpan(Math.round(ms / unit) * unit + SECOND_MS);
  return `every ${words.replace(/^1 /, "")}`;
}

/** The link opens the form with the suggested budget, without saving it. */
export function RoundAdvice(props: { check: MaintenanceView["check"]; path: string; mayChange: boolean }) {
  const { check, path, mayChange } = props;
  const { advice, roundMs, periodMs } = check;
  if (advice === null || roundMs === null || periodMs === null) return null;
  const reason = `Checks take ${formatSpan(roundMs)} to read all data once.`;
  if (advice.is === "more_often")
    return (
      <Notice glyph="warning" reason={reason}>
        Damage could go unnoticed for that long, because checks run only {everySpan(periodMs)}. Schedule them more
        often.
      </Notice>
    );
  const gib = advice.budgetBytes / GIB;
  const fill = (
    <a class="btn btn-s" href={`${path}?budget_gib=${gib}#check_budget_gib`}>
      Use {formatCount(gib)} GiB…
    </a>
  );
  return (
    <Notice glyph="warning" reason={reason} verbs={mayChange ? fill : null}>
      Damage could go unnoticed for that long. At the current size, {formatCount(gib)} GiB per check would read
      everything {everySpan(advice.parts * periodMs)}. More frequent checks help too.
    </Notice>
  );
}
