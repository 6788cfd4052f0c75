/** The defaults of a new source group, and merging of input into a group. */
import { defaultIncludes, excludePreset } from "../../shared/exclude-preset.ts";
import type { Os } from "../../shared/patterns.ts";
import { DEFAULT_RETENTION } from "../../shared/retention.ts";
import type { GroupFields, SourceGroupInput } from "./fields.ts";

export function newGroup(os: Os, includes: readonly string[]): GroupFields {
  return {
    name: "",
    tag: "",
    includes: [],
    excludes: excludePreset(os, includes),
    excludeCaches: true,
    oneFileSystem: false,
    logFiles: false,
    retention: DEFAULT_RETENTION,
    retryMax: 3,
    retryBackoffSeconds: 60,
  };
}

/** The group that a new host starts with. */
export function defaultGroup(os: Os, includes: readonly string[]): GroupFields {
  const paths = includes.length > 0 ? [...includes] : defaultIncludes(os);
  return { ...newGroup(os, paths), name: "default", tag: "default", includes: paths };
}

/** Omitted fields keep their value. */
export function mergeGroup(base: GroupFields, input: SourceGroupInput): GroupFields {
  return {
    name: input.name ?? base.name,
    tag: input.tag ?? base.tag,
    includes: input.includes ?? base.includes,
    excludes: input.excludes ?? base.excludes,
    excludeCaches: input.exclude_caches ?? base.excludeCaches,
    oneFileSystem: input.one_file_system ?? base.oneFileSystem,
    logFiles: input.log_files ?? base.logFiles,
    retention: input.retention ?? base.retention,
    retryMax: input.retry_max ?? base.retryMax,
    retryBackoffSeconds: input.retry_backoff_seconds ?? base.retryBackoffSeconds,
  };
}
