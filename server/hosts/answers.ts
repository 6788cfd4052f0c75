/** What REST answers after a host has been changed. */
import * as v from "valibot";
import { countOrNull, id, textLike, textOrNull } from "../http/answers.ts";

export const changedHostAnswer = v.strictObject({
  id,
  name: textLike("web-01"),
  tags: v.array(textLike("prod")),
  timezone_override: textOrNull,
  roaming: v.boolean(),
});

export const bandwidthAnswer = v.strictObject({ up_kbps: countOrNull, down_kbps: countOrNull });
