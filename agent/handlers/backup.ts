/** backup: one source group into one repo. */

import { userInfo } from "node:os";
import type { CommandRun, DesiredSourceGroup } from "../../shared/protocol/to-agent.ts";
import type { DurableMessage } from "../outbox.ts";
import type { BackupOrder } from "../restic/argv.ts";
import type { ResticBinary } from "../restic/binary.ts";
import { rowOfSummary } from "../restic/snapshot-row.ts";
import { zoneForPrograms } from "../zoneinfo.ts";
import { approach } from "./approach.ts";
import { betweenHooks } from "./backup-hooks.ts";
import { type BackupReport, createBackupReport } from "./backup-report.ts";
import { type SourceFiles, type Sources, skippedMounts, sourcesOf, writeSourceFiles } from "./backup-sources.ts";
import {
  failed,
  type Handler,
  type HandlerDeps,
  type JobContext,
  succeeded,
  type Verdict,
  verdictOfEnd,
} from "./handler.ts";
import { rateLimits } from "./rate-limits.ts";
import { refusedByLock } from "./wait-for-lock.ts";

type BackupCommand = Extract<CommandRun, { kind: "backup" }>;

export const backup: Handler = async (context, deps) => {
  if (context.order.kind !== "backup") throw new Error("not a backup");
  const group = deps.state.findSourceGroup(context.order.args.source_group_id);
  const host = deps.state.resticHost();
  if (group === null || host === null) {
    return failed("refused_by_host", "This host does not know the source group yet: run the job again in a minute");
  }
  const refused = await approach(context, deps);
  if (refused) return refused;
  const { order } = context;
  const locked = deps.state.hooksOf(group.id).pre === null ? null : await refusedByLock(context, deps);
  if (locked) return locked;
  return await betweenHooks(context, deps, group, () => backUp(context, deps, { group, host, command: order }));
};

async function backUp(context: JobContext, deps: HandlerDeps, asked: Asked): Promise<Verdict> {
  const sources = sourcesOf(asked.group, deps.platform.os);
  tellSources(context, asked.group, sources);
  if (sources.noneExists) {
    return failed(
      "no_paths",
      "None of the paths of this source group exists on this host: correct the paths, or mount what is missing",
    );
  }
  const files = writeSourceFiles(deps.tempFolder, context.job.job_id, sources, deps.ownFolders, deps.platform.os);
  try {
    return await runBackup(context, deps, { ...asked, sources, files });
  } finally {
    files.remove();
  }
}

type Asked = { group: DesiredSourceGroup; host: string; command: BackupCommand };
type Given = Asked & { sources: Sources; files: SourceFiles };

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
  if (failure) return { ...failure, warnings: report.warnings(), stats: report.stats() };
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
    return failed("internal", "restic ended without saying what it saved: its log tells more", { exitCode });
  }
  // Exit code 3 without a named path still is no clean success.
  const leftOut = given.sources.leftOut.filter((text) => text.startsWith("The path")).length;
  const warnings = Math.max(report.warnings() + leftOut, exitCode === 3 ? 1 : 0);
  const facts = {
    host: given.host,
    username: userInfo().username,
    paths: given.sources.includes,
    tag: given.group.tag,
    resticVersion,
  };
  const row = rowOfSummary(summary, facts, deps.clock.now());
  const added: DurableMessage[] =
    row === null ? [] : [{ type: "snapshots.added", payload: { repo_id: context.access.repoId, snapshots: [row] } }];
  return succeeded({ exitCode, warnings, stats: report.stats(), messages: added, due: ["snapshots", "stats"] });
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

/** The one by which its schedule went; days of retention are formed by it. */
function zoneOfJob({ job }: JobContext, { state, hostZone }: HandlerDeps): string {
  const schedule = state.schedules().find(({ id }) => id === job.schedule_id);
  return schedule?.timezone ?? state.timezoneOverride() ?? hostZone();
}

function tellSources(context: JobContext, group: DesiredSourceGroup, sources: Sources): void {
  context.log.event(`Backing up ${group.name} into ${context.access.name}: ${sources.includes.join(", ")}`);
  for (const text of sources.leftOut) context.log.stderr(text);
  if (!sources.wholeMachine) return;
  const mounts = skippedMounts();
  if (mounts.length > 0) {
    context.log.event(`Only the disk of / is read. Mounted elsewhere and left out: ${mounts.join(", ")}`);
  }
}
