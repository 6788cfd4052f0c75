// The remark that reading all data of a repo once takes longer than a year, with what would shorten it.
import { DAY_MS, SECOND_MS } from "../../shared/clock.ts";
import { Notice } from "../components/panels.tsx";
import { formatCount, formatSpan } from "../format.ts";
import type { MaintenanceView } from "./types.ts";

const GIB = 2 ** 30;
/** What spans are told in from a length on, as `formatSpan` does. */
const UNITS = [
  { from: 730 * DAY_MS, ms: 365.25 * DAY_MS },
  { from: 60 * DAY_MS, ms: 30.44 * DAY_MS },
  { from: DAY_MS, ms: DAY_MS },
] as const;

/** "every 12 years", "every 2 months", "every day"; to the nearest. */
export function everySpan(ms: number): string {
  const unit = UNITS.find(({ from }) => ms >= from)?.ms ?? 1;
  const words = formatSpan(Math.round(ms / unit) * unit + SECOND_MS);
  return `every ${words.replace(/^1 /, "")}`;
}

/** The link fills the form in and opens it; nothing is saved by it. */
export function RoundAdvice(props: { check: MaintenanceView["check"]; path: string; mayChange: boolean }) {
  const { check, path, mayChange } = props;
  const { advice, roundMs, periodMs } = check;
  if (advice === null || roundMs === null || periodMs === null) return null;
  const reason = `Reading all data once takes ${formatSpan(roundMs)}.`;
  if (advice.is === "more_often")
    return (
      <Notice glyph="warning" reason={reason}>
        Damage could stay unseen for so long, because checks come only {everySpan(periodMs)}: let them come more often.
      </Notice>
    );
  const gib = advice.budgetBytes / GIB;
  const fill = (
    <a class="btn btn-s" href={`${path}?budget_gib=${gib}#check_budget_gib`}>
      Fill in {formatCount(gib)} GiB…
    </a>
  );
  return (
    <Notice glyph="warning" reason={reason} verbs={mayChange ? fill : null}>
      Damage could stay unseen for so long. At its present size {formatCount(gib)} GiB a check read everything{" "}
      {everySpan(advice.parts * periodMs)}; more frequent checks help as well.
    </Notice>
  );
}
