/** Bandwidth limits in KiB/s, null = unlimited, parsed in the same way from JSON and forms. */
import * as v from "valibot";
import { badInput } from "../http/errors.ts";
import { textOf } from "../http/forms.ts";
import type { FormBody } from "../http/routes.ts";

const MOST_KBPS = 100_000_000;

const limit = v.pipe(
  v.number("Enter a number of KiB/s."),
  v.integer("Enter a whole number of KiB/s."),
  v.minValue(1, "Enter at least 1 KiB/s."),
  v.maxValue(MOST_KBPS, "Enter at most 100,000,000 KiB/s."),
);

export const bandwidthBody = v.strictObject({ up_kbps: v.nullable(limit), down_kbps: v.nullable(limit) });
export type Bandwidth = v.InferOutput<typeof bandwidthBody>;

/** Both fields of a form. An empty field is unlimited. @throws Refusal 400 with all invalid fields */
export function bandwidthOf(body: FormBody): Bandwidth {
  const errors: Record<string, string> = {};
  const read = (name: keyof Bandwidth): number | null => {
    const text = textOf(body, name).trim();
    const value = Number(text);
    if (text !== "" && (!/^\d{1,9}$/.test(text) || value < 1 || value > MOST_KBPS))
      errors[name] = "Enter a whole number of KiB/s, at least 1. Leave empty for no limit.";
    return text === "" ? null : value;
  };
  const limits = { up_kbps: read("up_kbps"), down_kbps: read("down_kbps") };
  if (Object.keys(errors).length > 0) throw badInput(errors);
  return limits;
}
