/** A stored source group as its form would send it, with field labels, to detect what two tabs changed. Pure. */
import type { SourceGroupRow } from "../../db/schema/source-groups.ts";
import { COUNT_RULES, RETENTION_RULES, type RetentionRule } from "../../shared/retention.ts";
import type { FormField, StoredForm } from "../http/conflicts.ts";

const yesNo = (value: string) => (value === "on" ? "yes" : "no");

const LABELS: Record<RetentionRule, string> = {
  keep_last: "Every run",
  keep_hourly: "Hourly",
  keep_daily: "Daily",
  keep_weekly: "Weekly",
  keep_monthly: "Monthly",
  keep_yearly: "Yearly",
  keep_within: "Every run",
  keep_within_hourly: "Hourly",
  keep_within_daily: "Daily",
  keep_within_weekly: "Weekly",
  keep_within_monthly: "Monthly",
  keep_within_yearly: "Yearly",
};

const isCount = (rule: RetentionRule) => (COUNT_RULES as readonly string[]).includes(rule);

/** @param repos all repos of the host; with a single repo there is no choice, and the form does not have the field */
export function storedGroup(
  group: SourceGroupRow,
  {
    repos,
    ownRepoIds,
    isTagFixed,
  }: { repos: readonly { id: string; name: string }[]; ownRepoIds: readonly string[]; isTagFixed: boolean },
): StoredForm {
  const tick = (is: boolean) => (is ? "on" : undefined);
  const rules = RETENTION_RULES.map((rule): [FormField, string] => [
    { name: rule, label: `${LABELS[rule]}, ${isCount(rule) ? "latest" : "all within"}`, as: "text" },
    String(group.retention[rule] ?? ""),
  ]);
  const repoField: FormField = {
    name: "repo_ids",
    label: "Repos",
    as: "names",
    words: (id) => repos.find((repo) => repo.id === id)?.name ?? "a removed repo",
  };
  const all: [FormField, string | undefined][] = [
    [{ name: "name", label: "Name", as: "text" }, group.name],
    ...(isTagFixed ? [] : ([[{ name: "tag", label: "Snapshot tag", as: "text" }, group.tag]] as [FormField, string][])),
    [{ name: "includes", label: "Includes", as: "lines" }, group.includes.join("\n")],
    [{ name: "excludes", label: "Excludes", as: "lines" }, group.excludes.join("\n")],
    [{ name: "exclude_caches", label: "Exclude caches", as: "checkbox", words: yesNo }, tick(group.excludeCaches)],
    [
      { name: "one_file_system", label: "Stay on one file system", as: "checkbox", words: yesNo },
      tick(group.oneFileSystem),
    ],
    [{ name: "log_files", label: "Verbose log", as: "checkbox", words: yesNo }, tick(group.logFiles)],
    ...rules,
    [{ name: "retry_max", label: "Retries", as: "text" }, String(group.retryMax)],
    [{ name: "retry_backoff_seconds", label: "Initial delay (s)", as: "text" }, String(group.retryBackoffSeconds)],
    ...(repos.length > 1 ? ([[repoField, ownRepoIds.join(" ")]] as [FormField, string][]) : []),
  ];
  return {
    fields: all.map(([field]) => field),
    values: Object.fromEntries(all.map(([field, value]) => [field.name, value])),
    updatedAt: group.updatedAt,
  };
}
