/** Paging and time parameters of every list: `?limit=&offset=` → `{ items, total }`. */
import * as v from "valibot";
import { isDay } from "../../shared/time/days.ts";
import type { AppContext } from "./routes.ts";

const wholeNumber = (least: number, most: number) =>
  v.pipe(
    v.string(),
    v.regex(/^\d{1,9}$/, `Enter a whole number from ${least} to ${most}.`),
    v.transform(Number),
    v.minValue(least, `Enter at least ${least}.`),
    v.maxValue(most, `Enter at most ${most}.`),
  );

export const pageFields = {
  limit: v.optional(wholeNumber(1, 500), "50"),
  offset: v.optional(wholeNumber(0, 100_000_000), "0"),
};

const TIME_RULE = "Enter a time such as 2026-11-20T09:14:00Z.";
/** The limit of Date. */
const FARTHEST_TIME_MS = 8.64e15;

/** ISO-8601 or Unix milliseconds, as a query parameter. */
export const timeParameter = v.pipe(
  v.string(),
  v.transform((text) => (/^\d{10,}$/.test(text) ? Number(text) : Date.parse(text))),
  v.number(TIME_RULE),
  v.check((at) => Math.abs(at) <= FARTHEST_TIME_MS, TIME_RULE),
);

/** A calendar day, as a query parameter. */
export const dayParameter = v.pipe(v.string(), v.check(isDay, "Enter a day such as 2026-11-20."));

/** The offset of a list, from the address. Invalid values count as 0. */
export function offsetOf(c: AppContext): number {
  const text = c.req.query("offset") ?? "";
  return /^\d{1,8}$/.test(text) ? Number(text) : 0;
}

export type Page<T> = { items: T[]; total: number };

export function iso(ms: number): string;
export function iso(ms: number | null): string | null;
export function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
