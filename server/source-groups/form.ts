/** Converts the group editor's form to the input of a source group, including retention. */
import * as v from "valibot";
import type { Os } from "../../shared/patterns.ts";
import {
  COUNT_RULES,
  RETENTION_RULES,
  type Retention,
  type RetentionRule,
  retentionSchema,
} from "../../shared/retention.ts";
import { badInput } from "../http/errors.ts";
import { checkedValuesOf, rawLinesOf, textOf } from "../http/forms.ts";
import type { FormBody } from "../http/routes.ts";
import { checkGroupFields, type GroupFields, type SourceGroupInput } from "./fields.ts";
import { mergeGroup } from "./new-group.ts";

export type ReadRetention = { retention: Retention; errors: Record<string, string>; values: Record<string, string> };

/** Reads the retention lanes. An invalid rule is left out and gets a message. `text` returns what was typed. */
export function readRetention(text: (rule: RetentionRule) => string): ReadRetention {
  const retention: Record<string, number | string> = {};
  const errors: Record<string, string> = {};
  const values: Record<string, string> = {};
  for (const rule of RETENTION_RULES) {
    const typed = text(rule).trim().toLowerCase();
    values[rule] = text(rule);
    if (typed === "" || typed === "0") continue;
    const value = (COUNT_RULES as readonly string[]).includes(rule) ? Number(typed) : typed;
    const parsed = v.safeParse(retentionSchema, { [rule]: value });
    if (parsed.success) retention[rule] = value;
    else errors[rule] = Number.isNaN(value) ? "Enter a whole number from 1 to 9999." : parsed.issues[0].message;
  }
  return { retention: retention as Retention, errors, values };
}

/** @throws Refusal 400 with all invalid fields, including those that `base` and the operation would find */
export function inputOf(body: FormBody, base: GroupFields, os: Os): SourceGroupInput {
  const { retention, errors } = readRetention((rule) => textOf(body, rule));
  const input: SourceGroupInput = {
    name: textOf(body, "name"),
    ...("tag" in body ? { tag: textOf(body, "tag") } : {}),
    includes: rawLinesOf(body, "includes"),
    excludes: rawLinesOf(body, "excludes"),
    exclude_caches: "exclude_caches" in body,
    one_file_system: "one_file_system" in body,
    log_files: "log_files" in body,
    retention,
    ...numberOf(body, "retry_max"),
    ...numberOf(body, "retry_backoff_seconds"),
    ...("has_repos" in body ? { repo_ids: checkedValuesOf(body, "repo_ids") } : {}),
    ...("confirm_removal" in body ? { confirm_removal: textOf(body, "confirm_removal") === "yes" } : {}),
  };
  if (Object.keys(errors).length > 0) {
    const others = checkGroupFields(mergeGroup(base, input), os);
    throw badInput({ ...(others.ok ? {} : others.errors), ...errors });
  }
  return input;
}

/** Text that is not a number becomes NaN, for the operation to refuse. A missing field keeps its value. */
function numberOf(body: FormBody, name: "retry_max" | "retry_backoff_seconds"): SourceGroupInput {
  if (!(name in body)) return {};
  const text = textOf(body, name).trim();
  return { [name]: text === "" ? Number.NaN : Number(text) };
}
