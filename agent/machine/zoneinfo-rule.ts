/** The rule for a time zone's changes after the last listed one: `CET-1CEST,M3.5.0,M10.5.0/3`. POSIX, as extended by RFC 9636. */

/** Seconds. */
export type PosixRule = { offset(second: number): number };

const DAY = 86_400;
const HOUR = 3600;
const NAME = "(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]+>)";
const TIME = "[+-]?\\d{1,3}(?::\\d{2}(?::\\d{2})?)?";
const DATE = "M\\d{1,2}\\.[1-5]\\.[0-6]|J\\d{1,3}|\\d{1,3}";
const RULE = new RegExp(`^${NAME}(${TIME})(?:${NAME}(${TIME})?,(${DATE})(?:/(${TIME}))?,(${DATE})(?:/(${TIME}))?)?$`);

/** null when it is empty or not understood. */
export function readPosixRule(text: string): PosixRule | null {
  const match = RULE.exec(text);
  if (!match) return null;
  const [, standardText, summerText, start, startTime, end, endTime] = match;
  // West is positive in POSIX.
  const standard = 0 - secondsOf(standardText!);
  if (start === undefined || end === undefined) return { offset: () => standard };
  const summer = summerText === undefined ? standard + HOUR : 0 - secondsOf(summerText);
  const startsAt = (year: number) => dayOf(start, year) * DAY + secondsOf(startTime ?? "2") - standard;
  const endsAt = (year: number) => dayOf(end, year) * DAY + secondsOf(endTime ?? "2") - summer;
  return {
    offset(second) {
      const year = new Date((second + standard) * 1000).getUTCFullYear();
      const from = startsAt(year);
      const to = endsAt(year);
      const isSummer = from < to ? second >= from && second < to : second >= from || second < to;
      return isSummer ? summer : standard;
    },
  };
}

/** `-10:30` → -37 800 */
function secondsOf(text: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = text.replace(/^[+-]/, "").split(":").map(Number);
  const all = hours * HOUR + minutes * 60 + seconds;
  return text.startsWith("-") ? 0 - all : all;
}

/** Days since 1970. */
function dayOf(date: string, year: number): number {
  if (date.startsWith("M")) return weekdayOf(date.slice(1).split(".").map(Number), year);
  const first = Date.UTC(year, 0, 1) / (DAY * 1000);
  if (!date.startsWith("J")) return first + Number(date);
  // J60 is always the first of March.
  const leap = new Date(Date.UTC(year, 1, 29)).getUTCMonth() === 1;
  const day = Number(date.slice(1));
  return first + day - 1 + (leap && day >= 60 ? 1 : 0);
}

/** Month, week (5 is the last) and weekday (0 is Sunday). */
function weekdayOf([month = 1, week = 1, weekday = 0]: number[], year: number): number {
  const first = new Date(Date.UTC(year, month - 1, 1));
  const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
  let day = 1 + ((7 + weekday - first.getUTCDay()) % 7) + (week - 1) * 7;
  if (day > days) day -= 7;
  return first.getTime() / (DAY * 1000) + day - 1;
}
