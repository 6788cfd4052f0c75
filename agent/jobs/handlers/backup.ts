/** backup: one source group into one repo. */
import { userInfo } from "node:os";
import type { CommandRun, DesiredSourceGroup } from "../../../shared/protocol/to-agent.ts";
import { causeOf, withNothingSaved } from "../../../shared/warnings.ts";
import { zoneForPrograms } from "../../machine/zoneinfo.ts";
import type { DurableMessage } from "../../outbox/outbox.ts";
import type { BackupOrder } from "../../restic/argv.ts";
import type { ResticBinary } from "../../restic/binary.ts";
import { createExcludes } from "../../restic/excludes.ts";
import { rowOfSummary } from "../../restic/snapshot-row.ts";
import { approach } from "./approach.ts";
import { betweenHooks } from "./backup-hooks.ts";
import { type BackupReport, createBackupReport } from "./backup-report.ts";
import {
  findRepositoryInside,
  type OwnRepository,
  repositoryFolder,
  type SourceFiles,
  type Sources,
  sourcesOf,
  writeSourceFiles,
} from "./backup-sources.ts";
import {
  failed,
  type Handler,
  type HandlerDeps,
  type JobContext,
  succeeded,
  type Verdict,
  verdictOfEnd,
} from "./handler.ts";
import { type InspectedPath, type InspectRules, inspectPaths } from "./inspect-paths.ts";
import { findLeftOut, type LeftOut } from "./mounts.ts";
import { judgePaths } from "./path-judge.ts";
import { rateLimits } from "./rate-limits.ts";
import { refusedByLock } from "./wait-for-lock.ts";

type BackupCommand = Extract<CommandRun, { kind: "backup" }>;

export const backup: Handler = async (context, deps) => {
  if (context.order.kind !== "backup") throw new Error("not a backup");
  const group = deps.state.findSourceGroup(context.order.args.source_group_id);
  const host = deps.state.resticHost();
  if (group === null || host === null) {
    return failed("refused_by_host", "This host has not received the source group yet: run the job again in a minute");
  }
  const refused = await approach(context, deps);
  if (refused) return refused;
  const { order } = context;
  const locked = deps.state.hooksOf(group.id).pre === null ? null : await refusedByLock(context, deps);
  if (locked) return locked;
  return await betweenHooks(context, deps, group, () => backUp(context, deps, { group, host, command: order }));
};

type Asked = { group: DesiredSourceGroup; host: string; command: BackupCommand };
type Given = Asked & { sources: Sources; inspected: InspectedPath[]; leftOut: LeftOut; files: SourceFiles };

async function backUp(context: JobContext, deps: HandlerDeps, asked: Asked): Promise<Verdict> {
  const { os } = deps.platform;
  const { options } = asked.group;
  context.progress.phase("checking the paths");
  const sources = sourcesOf(asked.group, os);
  const repository = repositoryFolder(context.access);
  const inside = await findRepositoryInside(repository, sources.includes, context.signal);
  const own = [...deps.ownFolders, ...inside.map(({ place }) => place)];
  const oneFileSystem = os === "linux" && (options.one_file_system || sources.wholeMachine);
  const rules: InspectRules = {
    excludes: createExcludes(sources.excludes, own, os),
    excludeCaches: options.exclude_caches,
    oneFileSystem,
    includes: sources.includes,
  };
  const isWanted = options.one_file_system;
  const [inspected, leftOut] = await Promise.all([
    inspectPaths(sources.includes, rules, context.signal),
    oneFileSystem
      ? findLeftOut({ includes: sources.includes, rules, isWanted, repository }, context.signal)
      : { missed: [], others: [] },
  ]);
  logSources(context, asked.group, sources, inside, leftOut);
  if (inspected.every(({ is }) => is === "missing")) {
    return failed(
      "no_paths",
      "None of this source group's paths exist on this host: correct the paths, or mount the missing file systems",
    );
  }
  const files = tryToWrite(() => writeSourceFiles(deps.tempFolder, context.job.job_id, sources, own, os));
  if ("problem" in files) {
    return failed(
      "internal",
      `The agent could not write to its state folder (${files.problem}): free up disk space, then run the backup again`,
    );
  }
  try {
    return await runBackup(context, deps, { ...asked, sources, inspected, leftOut, files });
  } finally {
    files.remove();
  }
}

function tryToWrite(write: () => SourceFiles): SourceFiles | { problem: string } {
  try {
    return write();
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

async function runBackup(context: JobContext, deps: HandlerDeps, given: Given): Promise<Verdict> {
  const report = createBackupReport(context.log, context.progress);
  let binary: ResticBinary | null = null;
  context.progress.phase("starting restic");
  const result = await context.restic(orderOf(context, deps, given), {
    onLine: report.line,
    onStart: (_child, _command, used) => {
      binary = used;
    },
  });
  const failure = verdictOfEnd(result);
  if (failure) return { ...failure, causes: report.causes(), stats: report.stats() };
  const version = (binary as ResticBinary | null)?.version ?? "";
  return ended(context, deps, given, report, result.exitCode, version);
}

function ended(
  context: JobContext,
  deps: HandlerDeps,
  given: Given,
  report: BackupReport,
  exitCode: number | null,
  resticVersion: string,
): Verdict {
  const summary = report.summary();
  if (summary === null) {
    return failed("internal", "restic ended without a summary: see the job's log", { exitCode });
  }
  const { sources, leftOut, inspected, group } = given;
  const { repoId } = context.access;
  const read = report.causes();
  const judged = judgePaths(inspected, summary.total_files_processed, deps.sourceMemory.find(group.id, repoId));
  for (const words of judged.words) context.log.stderr(words);
  deps.sourceMemory.keep(group.id, repoId, judged.held);
  const causes = [
    ...read,
    // Exit code 3 without a named path is still not a clean success.
    ...(exitCode === 3 && read.length === 0 ? causeOf("unreadable", [], 1) : []),
    ...causeOf(
      "path_refused",
      sources.refusedIncludes.map(({ text }) => text),
    ),
    ...causeOf(
      "exclude_refused",
      sources.refusedExcludes.map(({ text }) => text),
    ),
    ...causeOf("mount_left_out", leftOut.missed),
    ...judged.causes,
  ];
  const stats = report.stats();
  const facts = {
    host: given.host,
    username: ownName(),
    paths: sources.includes,
    tag: group.tag,
    resticVersion,
  };
  const row = rowOfSummary(summary, facts, deps.clock.now());
  const added: DurableMessage[] =
    row === null ? [] : [{ type: "snapshots.added", payload: { repo_id: repoId, snapshots: [row] } }];
  return succeeded({
    exitCode,
    causes: withNothingSaved(causes, stats),
    stats,
    messages: added,
    due: ["snapshots", "stats"],
  });
}

/** In a container the agent's user may have no name, which must not fail a finished backup. */
function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "");
  }
}

function orderOf(context: JobContext, deps: HandlerDeps, { group, host, sources, files, command }: Given): BackupOrder {
  return {
    do: "backup",
    tag: group.tag,
    host,
    includesFile: files.includesFile,
    excludesFile: files.excludesFile,
    excludeCaches: group.options.exclude_caches,
    oneFileSystem: group.options.one_file_system || sources.wholeMachine,
    logFiles: group.options.log_files,
    compression: context.compression ?? "auto",
    ...rateLimits(deps, command.args.bandwidth),
    timeZone: zoneForPrograms(zoneOfJob(context, deps)),
    os: deps.platform.os,
  };
}

/** The zone of the job's schedule: retention counts days by it. */
function zoneOfJob({ job }: JobContext, { state, hostZone }: HandlerDeps): string {
  const schedule = state.schedules().find(({ id }) => id === job.schedule_id);
  return schedule?.timezone ?? state.timezoneOverride() ?? hostZone();
}

function logSources(
  { log, access }: JobContext,
  group: DesiredSourceGroup,
  sources: Sources,
  inside: readonly OwnRepository[],
  leftOut: LeftOut,
): void {
  log.event(`Backing up ${group.name} into ${access.name}: ${sources.includes.join(", ")}`);
  for (const { text, problem } of sources.refusedIncludes)
    log.stderr(`The path ${JSON.stringify(text)} is not backed up: ${problem}`);
  for (const { text, problem } of sources.refusedExcludes)
    log.stderr(`The exclude ${JSON.stringify(text)} is ignored: ${problem}`);
  for (const { include, place } of inside)
    log.event(`The repository is inside ${include}: ${place} is excluded from the backup`);
  if (leftOut.others.length > 0)
    log.event(`Not backed up, because on other file systems: ${leftOut.others.join(", ")}`);
  for (const place of leftOut.missed)
    log.stderr(`${place} is another file system and was not backed up: add it to the paths or to the excludes`);
}
