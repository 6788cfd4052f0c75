/** Reads the five fields of a cron expression into sets of numbers, or says in a sentence what is wrong with it. */

export type CronFields = {
  minutes: number[];
  hours: number[];
  /** 1 to 31 */
  days: number[];
  /** 1 to 12 */
  months: number[];
  /** 0 (Sunday) to 6 */
  weekdays: number[];
  /** Written as `*`: days of the month and of the week restrict together only when both are written out. */
  anyDay: boolean;
  anyWeekday: boolean;
};

export type ReadFields = { ok: true; fields: CronFields } | { ok: false; problem: string };

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
/** In a leap year: 29 February does come. */
const DAYS_OF_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const SHORTHANDS: Record<string, string> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
};

type Field = { name: string; from: number; to: number; names?: string[]; firstName?: number };
const FIELDS: Field[] = [
  { name: "minute", from: 0, to: 59 },
  { name: "hour", from: 0, to: 23 },
  { name: "day of the month", from: 1, to: 31 },
  { name: "month", from: 1, to: 12, names: MONTHS, firstName: 1 },
  // Sunday is 0 and 7.
  { name: "day of the week", from: 0, to: 7, names: WEEKDAYS, firstName: 0 },
];

/** Names in any case, ranges, steps, lists, and the shorthands `@hourly` to `@yearly`. */
export function readCronFields(expr: string): ReadFields {
  const text = expr.trim().toLowerCase();
  if (text === "") return no("Write when it is to run, for example 0 2 * * * for every day at 02:00");
  const plain = text.startsWith("@") ? SHORTHANDS[text] : text;
  if (plain === undefined) {
    return no(`${expr.trim()} is not known: use @hourly, @daily, @weekly, @monthly or @yearly, or write five fields`);
  }
  const parts = plain.split(/\s+/);
  if (parts.length !== 5) {
    const seconds = parts.length === 6 ? " Seconds and years are not supported." : "";
    return no(`Five fields are needed (minute, hour, day, month, weekday), here are ${parts.length}.${seconds}`);
  }
  const sets: number[][] = [];
  for (const [index, field] of FIELDS.entries()) {
    const read = readField(parts[index]!, field);
    if (typeof read === "string") return no(read);
    sets.push(read);
  }
  const [minutes, hours, days, months, sundays] = sets as [number[], number[], number[], number[], number[]];
  const weekdays = sorted(sundays.map((day) => day % 7));
  const fields = { minutes, hours, days, months, weekdays, anyDay: parts[2] === "*", anyWeekday: parts[4] === "*" };
  if (!everFires(fields)) return no("There is no such day in these months, so this would never run");
  return { ok: true, fields };
}

function readField(text: string, field: Field): number[] | string {
  const values: number[] = [];
  for (const item of text.split(",")) {
    const read = readItem(item, field);
    if (typeof read === "string") return read;
    values.push(...read);
  }
  return sorted(values);
}

function readItem(item: string, field: Field): number[] | string {
  const match = /^(?:(\*)|([a-z]+|\d+)(?:-([a-z]+|\d+))?)(?:\/(\d+))?$/.exec(item);
  if (!match) return `The ${field.name} ${JSON.stringify(item)} is not understood: ${allowed(field)}`;
  const [, star, first, last, step] = match;
  if (step !== undefined && first !== undefined && last === undefined) {
    return `In the ${field.name}, a step needs a range or a star before it: */${step}, or ${first}-${field.to}/${step}`;
  }
  const from = star ? field.from : numberOf(first!, field);
  // Up to Sunday: as the end of a range it is the 7th day.
  const end = last === undefined ? from : numberOf(last, field);
  const to = star ? starEnd(field) : field.to === 7 && last !== undefined && end === 0 && from !== 0 ? 7 : end;
  if (from === null || to === null) {
    return `The ${field.name} ${JSON.stringify(item)} is not understood: ${allowed(field)}`;
  }
  if (from > to) return `The ${field.name} ${JSON.stringify(item)} runs backwards: write it as two ranges`;
  const by = step === undefined ? 1 : Number(step);
  if (by < 1 || by > field.to) return `The step /${step} of the ${field.name} must be between 1 and ${field.to}`;
  const values: number[] = [];
  for (let value = from; value <= to; value += by) values.push(value);
  return values;
}

const starEnd = (field: Field) => (field.to === 7 ? 6 : field.to);

function numberOf(word: string, field: Field): number | null {
  const name = field.names?.indexOf(word) ?? -1;
  if (name >= 0) return name + (field.firstName ?? 0);
  if (!/^\d{1,2}$/.test(word)) return null;
  const value = Number(word);
  return value >= field.from && value <= field.to ? value : null;
}

function allowed(field: Field): string {
  const names = field.names ? `, names such as ${field.names[0]}` : "";
  return `numbers from ${field.from} to ${field.to}${names}, ranges (a-b), lists (a,b) and steps (*/n) are`;
}

/** With a weekday it always comes; else some day must exist in some month. */
function everFires({ days, months, anyDay, anyWeekday }: CronFields): boolean {
  if (anyDay || !anyWeekday) return true;
  return months.some((month) => days[0]! <= DAYS_OF_MONTH[month - 1]!);
}

function sorted(values: number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}

function no(problem: string): { ok: false; problem: string } {
  return { ok: false, problem };
}
