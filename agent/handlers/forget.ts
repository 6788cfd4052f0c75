/** forget: takes snapshots off by each group's policy, in one job; the list before and after tells whether it was done. */
import type { SnapshotRow, StatsRow } from "../../shared/protocol/fields.ts";
import type { ForgetGroup } from "../../shared/protocol/to-agent.ts";
import { type ForgetOutput, forgetOutput } from "../../shared/restic/maintenance.ts";
import { isEmptyRetention } from "../../shared/retention.ts";
import { deleteRefused } from "../restic/exit.ts";
import { readWhole } from "../restic/output.ts";
import type { ResticResult } from "../restic/restic.ts";
import { reportMessages, timeOf } from "../restic/snapshot-row.ts";
import { askSnapshots } from "../restic/survey.ts";
import { clip, countOf } from "../words.ts";
import { cancelled, failed, type Handler, type JobContext, succeeded, type Verdict, verdictOfEnd } from "./handler.ts";
import { openSameRepo } from "./same-repo.ts";

/** So many snapshots are named in the job's figures; the rest is counted. */
const MAX_NAMED = 300;

type Fate = { row: StatsRow; id: string };
type GroupEnd = { group: ForgetGroup; kept: Fate[]; removed: Fate[] };

export const forget: Handler = async (context, deps) => {
  if (context.order.kind !== "forget") throw new Error("not a forget");
  const { groups, restic_id } = context.order.args;
  const refused = await openSameRepo(context, deps, restic_id);
  if (refused) return refused;
  const before = await listed(context);
  if ("end" in before) return before;

  const ended: GroupEnd[] = [];
  let broken: Verdict | null = null;
  let isDeleteRefused = false;
  for (const group of groups) {
    if (isEmptyRetention(group.keep)) {
      context.log.event(`${group.tag}: has no retention, everything is kept`);
      continue;
    }
    context.progress.phase(`forgetting ${group.tag}`);
    const result = await context.restic(
      { do: "forget", tag: group.tag, host: group.host, keep: group.keep },
      { capture: true },
    );
    const end = result.judgement.is === "stopped" ? null : endOf(group, result);
    if (end) ended.push(end);
    isDeleteRefused ||= deleteRefused(result.stderr);
    broken = verdictOfEnd(result);
    if (broken) break;
  }
  if (broken?.end === "cancelled") return broken;

  const takenAt = deps.clock.now();
  const after = await listed(context);
  if ("end" in after) return after;
  return verdict(context, { ended, before, after, broken, isDeleteRefused, takenAt });
};

async function listed(context: JobContext): Promise<SnapshotRow[] | Verdict> {
  const found = await askSnapshots((order) => context.restic(order, { capture: true }), null);
  if (found.is === "ok") return found.value;
  if (found.is === "stopped") return cancelled(found.exitCode);
  return failed(found.code, found.message, { exitCode: found.exitCode });
}

type Outcome = {
  ended: GroupEnd[];
  before: SnapshotRow[];
  after: SnapshotRow[];
  broken: Verdict | null;
  isDeleteRefused: boolean;
  takenAt: number;
};

function verdict(context: JobContext, outcome: Outcome): Verdict {
  const { ended, before, after, broken, takenAt } = outcome;
  const left = new Set(after.map((row) => row.snapshot_id));
  const wanted = ended.flatMap((end) => end.removed);
  const stayed = wanted.filter(({ id }) => left.has(id)).length;
  for (const { group, kept, removed } of ended) {
    const gone = removed.filter(({ id }) => !left.has(id)).length;
    context.log.event(`${group.tag} of ${group.host}: ${countOf(gone, "snapshot")} removed, ${kept.length} kept`);
  }
  const part = {
    stats: statsOf(ended, left, before.length, after.length),
    messages: reportMessages(context.access.repoId, after, takenAt),
  };
  if (stayed > 0) {
    const missed = `${stayed} of ${countOf(wanted.length, "snapshot")} that should have gone ${stayed === 1 ? "is" : "are"} still there`;
    return outcome.isDeleteRefused
      ? failed(
          "append_only",
          `The repo server refuses to delete with this credential, and ${missed}: enter an admin credential that may delete, then run it again`,
          part,
        )
      : failed("restic_failed", `restic could not remove everything: ${missed}. The log tells why`, part);
  }
  if (broken) return { ...broken, ...part };
  return succeeded(part);
}

function statsOf(ended: GroupEnd[], left: Set<string>, before: number, after: number): Verdict["stats"] {
  const goneOf = (end: GroupEnd) => end.removed.filter(({ id }) => !left.has(id));
  const stayedOf = (end: GroupEnd) => end.removed.filter(({ id }) => left.has(id));
  const rows = [
    ...ended.flatMap(goneOf).map(({ row }) => ({ ...row, fate: "removed" })),
    ...ended.flatMap(stayedOf).map(({ row }) => ({ ...row, fate: "refused" })),
    ...ended.flatMap((end) => end.kept).map(({ row }) => ({ ...row, fate: "kept" })),
  ];
  return {
    snapshots_before: before,
    snapshots_after: after,
    snapshots_removed: ended.flatMap(goneOf).length,
    snapshots_kept: ended.flatMap((end) => end.kept).length,
    groups: ended.map((end) => ({
      source_group_id: end.group.source_group_id,
      tag: end.group.tag,
      host: end.group.host,
      kept: end.kept.length,
      removed: goneOf(end).length,
    })),
    snapshots: rows.slice(0, MAX_NAMED),
  };
}

/** What restic says it kept and removed of one group; null when it printed nothing that can be read. */
function endOf(group: ForgetGroup, result: ResticResult): GroupEnd | null {
  const output = readWhole(forgetOutput, result.stdout.trim() || "[]");
  if (output === null) return null;
  return {
    group,
    kept: output.flatMap((part) => (part.keep ?? []).map((one) => fate(group, one, reasonsOf(part, one.id)))),
    removed: output.flatMap((part) => (part.remove ?? []).map((one) => fate(group, one, ""))),
  };
}

type Part = NonNullable<ForgetOutput>[number];

function reasonsOf(part: Part, id: string): string {
  const found = (part.reasons ?? []).find((reason) => reason.snapshot.id === id);
  return clip((found?.matches ?? []).join(", "), 200);
}

function fate(group: ForgetGroup, one: { id: string; time: string }, reasons: string): Fate {
  return {
    id: one.id,
    row: { id: one.id.slice(0, 8), time: timeOf(one.time), tag: group.tag, host: group.host, reasons },
  };
}
