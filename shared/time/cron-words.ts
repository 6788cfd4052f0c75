/** A cron expression in words, as people would say it. */
import { type CronFields, readCronFields } from "./cron-fields.ts";
import { MONTHS, WEEKDAYS } from "./days.ts";

/** More times of day than these are told as hours and minutes. */
const MOST_TIMES = 6;

/** "every weekday at 02:00", "at 03:30 on the 1st of every month"; what cannot be read is given back as it is. */
export function cronInWords(expr: string): string {
  const read = readCronFields(expr);
  if (!read.ok) return expr.trim();
  const { fields } = read;
  const times = timesInWords(fields);
  if (fields.anyDay) {
    const days = everyWeekday(fields);
    const months = monthsInWords(fields, " in ");
    if (!times.pace) return `${days} ${times.words}${months}`;
    return fields.anyWeekday ? `${times.words}${months}` : `${times.words}, ${days}${months}`;
  }
  const either = fields.anyWeekday ? "" : `, and ${everyWeekday(fields)}${monthsInWords(fields, " in ")}`;
  const comma = times.pace ? "," : "";
  return `${times.words}${comma} on ${daysInWords(fields)}${either}`;
}

/** `pace`: it says by itself that it comes again and again. */
function timesInWords({ minutes, hours }: CronFields): { words: string; pace: boolean } {
  if (hours.length * minutes.length <= MOST_TIMES) {
    const times = hours.flatMap((hour) => minutes.map((minute) => `${two(hour)}:${two(minute)}`));
    return { words: `at ${inList(times)}`, pace: false };
  }
  return { words: `${minutesInWords(minutes, hours)}${hoursInWords(hours, minutes)}`, pace: true };
}

function minutesInWords(minutes: number[], hours: number[]): string {
  const step = stepOf(minutes, 60);
  if (step === 1) return "every minute";
  if (step !== null && minutes.length > 1) return `every ${step} minutes`;
  const hourStep = stepOf(hours, 24);
  const every = hourStep === null || hourStep === 1 || hours.length === 1 ? "every hour" : `every ${hourStep} hours`;
  if (minutes.length === 1 && minutes[0] === 0) return every;
  const list = inList(runs(minutes, (minute) => String(minute)));
  return `${every} at ${list} ${minutes.length === 1 && minutes[0] === 1 ? "minute" : "minutes"} past`;
}

/** What the words of the minutes leave open. */
function hoursInWords(hours: number[], minutes: number[]): string {
  if (hours.length === 24) return "";
  const step = stepOf(hours, 24);
  const saidByStep = step !== null && hours.length > 1;
  const onceAnHour = minutes.length === 1 || stepOf(minutes, 60) === null;
  if (saidByStep && onceAnHour) return "";
  if (saidByStep) return ` of every ${step === 2 ? "second" : ordinal(step)} hour`;
  const spans = spansOf(hours);
  const last = minutes.at(-1)!;
  if (spans.length === 1) return ` from ${two(hours[0]!)}:${two(minutes[0]!)} to ${two(hours.at(-1)!)}:${two(last)}`;
  return ` in the hours ${inList(spans.map(({ from, to }) => (from === to ? two(from) : `${two(from)} to ${two(to)}`)))}`;
}

function everyWeekday({ weekdays, anyWeekday }: CronFields): string {
  if (anyWeekday || weekdays.length === 7) return "every day";
  if (weekdays.join() === "1,2,3,4,5") return "every weekday";
  return `every ${inList(weekdays.map((day) => WEEKDAYS[day]!))}`;
}

function daysInWords(fields: CronFields): string {
  const days = inList(runs(fields.days, ordinal));
  const ofMonths = fields.months.length === 12 ? " of every month" : monthsInWords(fields, " of ");
  return `the ${days}${ofMonths}`;
}

function monthsInWords({ months }: CronFields, before: string): string {
  return months.length === 12 ? "" : before + inList(runs(months, (month) => MONTHS[month - 1]!));
}

/** n when the values are 0, n, 2n … all the way round `size`; null when they are anything else. */
function stepOf(values: number[], size: number): number | null {
  const step = size / values.length;
  return Number.isInteger(step) && values.every((value, index) => value === index * step) ? step : null;
}

/** Three or more in a row as "1st to 7th". */
function runs(values: number[], say: (value: number) => string): string[] {
  return spansOf(values).flatMap(({ from, to }) => {
    if (to === from) return [say(from)];
    return to === from + 1 ? [say(from), say(to)] : [`${say(from)} to ${say(to)}`];
  });
}

function spansOf(values: number[]): { from: number; to: number }[] {
  const spans: { from: number; to: number }[] = [];
  for (const value of values) {
    const last = spans.at(-1);
    if (last && last.to === value - 1) last.to = value;
    else spans.push({ from: value, to: value });
  }
  return spans;
}

function inList(words: string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

function ordinal(value: number): string {
  const teen = value % 100 >= 11 && value % 100 <= 13;
  return value + (teen ? "th" : (["th", "st", "nd", "rd"][value % 10] ?? "th"));
}

const two = (value: number) => String(value).padStart(2, "0");

export type Explanation =
  | { ok: false; problem: string }
  | {
      ok: true;
      /** "Every day at 02:00" */
      words: string;
      zone: string;
      /** How the splay changes it; null without one. */
      splay: string | null;
      /** In the schedule's zone: `day` as 2026-11-20, `time` as 02:04. */
      runs: readonly { at: number; day: string; time: string }[];
    };
