/** What REST answers about the maintenance of repos. */
import * as v from "valibot";
import { REPO_STATUSES } from "../../shared/repos.ts";
import { count, countOrNull, id, named, sized, textLike, textOrNull, timeOrNull } from "../http/answers.ts";

const hostName = v.strictObject({ id, name: textLike("web-01") });

const kind = named(
  "MaintenanceOfKind",
  v.strictObject({
    cron: v.pipe(textOrNull, v.description("null = never by itself.")),
    is_default: v.boolean(),
    state: v.picklist(["due", "later", "blocked"]),
    why: v.pipe(textOrNull, v.description("Why it is blocked.")),
    due_at: timeOrNull,
    next_at: timeOrNull,
  }),
);

export const maintenanceAnswer = named(
  "Maintenance",
  v.strictObject({
    enabled: v.boolean(),
    maintenance_host_id: v.nullable(id),
    runs_on: v.nullable(hostName),
    maintained_by_repo_id: v.nullable(id),
    delete_right: v.picklist(["admin", "everyday", "none"]),
    check_budget_bytes: sized(10_737_418_240),
    check_parts: countOrNull,
    check_next: v.nullable(v.strictObject({ part: count, parts: count })),
    fully_read_since: timeOrNull,
    forget: kind,
    prune: kind,
    check: kind,
  }),
);

export const orderedAnswer = v.strictObject({ job_id: id, runs_on: hostName });
export const reinitAnswer = v.strictObject({ status: v.picklist(REPO_STATUSES) });
