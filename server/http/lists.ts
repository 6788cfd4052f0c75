/** Paging of every list: `?limit=&offset=` → `{ items, total }`. */
import * as v from "valibot";

const wholeNumber = (least: number, most: number) =>
  v.pipe(
    v.string(),
    v.regex(/^\d{1,9}$/, `Write a whole number from ${least} to ${most}.`),
    v.transform(Number),
    v.minValue(least, `At least ${least}.`),
    v.maxValue(most, `At most ${most}.`),
  );

export const pageFields = {
  limit: v.optional(wholeNumber(1, 500), "50"),
  offset: v.optional(wholeNumber(0, 100_000_000), "0"),
};

/** ISO-8601 or Unix milliseconds, as a query parameter. */
export const timeParameter = v.pipe(
  v.string(),
  v.transform((text) => (/^\d{10,}$/.test(text) ? Number(text) : Date.parse(text))),
  v.number("Write a time as 2026-11-20T09:14:00Z."),
);

export type Page<T> = { items: T[]; total: number };

export function iso(ms: number): string;
export function iso(ms: number | null): string | null;
export function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
