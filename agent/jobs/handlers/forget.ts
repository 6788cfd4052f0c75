/** forget: removes only the snapshots that both server and restic want removed, and lists the repository afterwards to see whether they are gone. */
import { digestOfIds } from "../../../shared/forget-plan.ts";
import type { SnapshotRow } from "../../../shared/protocol/fields.ts";
import type { CommandRun, ForgetGroup } from "../../../shared/protocol/to-agent.ts";
import { isEmptyRetention } from "../../../shared/retention.ts";
import { deleteRefused } from "../../restic/exit.ts";
import { reportMessages } from "../../restic/snapshot-row.ts";
import type { SnapshotList } from "../../restic/survey.ts";
import { countOf } from "../../words.ts";
import { askForgetPreview, type ForgetPreview } from "./forget-preview.ts";
import { forgetStats, type GroupEnd } from "./forget-stats.ts";
import { cancelled, failed, type Handler, type JobContext, succeeded, type Verdict, verdictOfEnd } from "./handler.ts";
import { openSameRepo } from "./same-repo.ts";
import { listSnapshots, unreadWarning } from "./snapshots.ts";

/** Ids in one command: the length of an argument list is limited. */
const MOST_IDS = 500;

type ForgetArgs = Extract<CommandRun, { kind: "forget" }>["args"];
type Judged = { group: ForgetGroup; preview: ForgetPreview; agreed: string[]; disputed: string[] };

export const forget: Handler = async (context, deps) => {
  if (context.order.kind !== "forget") throw new Error("not a forget");
  const { args } = context.order;
  const refused = await openSameRepo(context, deps, args.restic_id);
  if (refused) return refused;
  const judged: Judged[] = [];
  for (const group of args.groups) {
    if (isEmptyRetention(group.retention)) {
      context.log.event(`${group.tag}: no retention policy, so every snapshot is kept`);
      continue;
    }
    context.progress.phase(`evaluating ${group.tag}`);
    const preview = await askForgetPreview((order) => context.restic(order, { capture: true }), group);
    if (preview.is === "stopped") return cancelled(preview.exitCode);
    if (preview.is === "failed") return failed(preview.code, preview.message, { exitCode: preview.exitCode });
    if (digestOfIds(idsOf(preview.value)) !== group.known) return await planAnew(context, args, deps.clock.now());
    judged.push(judge(group, preview.value));
  }
  const removal = await remove(
    context,
    judged.flatMap(({ agreed }) => agreed),
  );
  if (removal.broken?.end === "cancelled") return removal.broken;
  const takenAt = deps.clock.now();
  const after = await listSnapshots(context);
  if ("end" in after) return after;
  return verdict(context, { judged, after, takenAt, ...removal });
};

function idsOf({ kept, removed }: ForgetPreview): string[] {
  return [...kept, ...removed].map(({ id }) => id);
}

/** Agreed are the snapshots that both the plan and restic want removed. What only restic wants removed needs a person's confirmation. */
function judge(group: ForgetGroup, preview: ForgetPreview): Judged {
  const planned = new Set(group.remove);
  const ids = preview.removed.map(({ id }) => id);
  const agreed = ids.filter((id) => planned.has(id));
  return { group, preview, agreed, disputed: group.is_partial ? [] : ids.filter((id) => !planned.has(id)) };
}

/** The snapshots have changed since the plan was made: removes nothing and sends the server the current list to plan again. */
async function planAnew(context: JobContext, { replans_left }: ForgetArgs, takenAt: number): Promise<Verdict> {
  const list = await listSnapshots(context);
  if ("end" in list) return list;
  const messages = reportMessages(context.access.repoId, list, takenAt);
  const stats = { replan: replans_left > 0, snapshots_removed: 0 };
  context.log.event("The snapshots have changed since this job was planned, so nothing was removed");
  if (replans_left > 0) {
    context.log.event("The server has the new list and will plan this job again");
    return succeeded({ stats, messages });
  }
  const message =
    "New snapshots kept appearing while this job was planned, so nothing was removed: run forget again when no backup is running";
  return failed("plan_outdated", message, { stats, messages });
}

type Removal = { broken: Verdict | null; isDeleteRefused: boolean };

async function remove(context: JobContext, ids: readonly string[]): Promise<Removal> {
  let isDeleteRefused = false;
  for (let from = 0; from < ids.length; from += MOST_IDS) {
    context.progress.phase(`removing ${countOf(ids.length, "snapshot")}`);
    const snapshotIds = ids.slice(from, from + MOST_IDS);
    const result = await context.restic({ do: "forget", snapshotIds }, { capture: true });
    isDeleteRefused ||= deleteRefused(result.stderr);
    const broken = verdictOfEnd(result);
    if (broken) return { broken, isDeleteRefused };
  }
  return { broken: null, isDeleteRefused };
}

type Outcome = Removal & { judged: Judged[]; after: SnapshotList; takenAt: number };

function verdict(context: JobContext, { judged, after, takenAt, broken, isDeleteRefused }: Outcome): Verdict {
  const left = new Set(after.rows.map((row: SnapshotRow) => row.snapshot_id));
  const ends = judged.map((one) => endOf(one, left));
  for (const { group, kept, removed } of ends)
    context.log.event(
      `${group.tag} of ${group.host}: ${countOf(removed.length, "snapshot")} removed, ${kept.length} kept`,
    );
  const part = {
    stats: forgetStats(ends, after.rows.length),
    messages: reportMessages(context.access.repoId, after, takenAt),
  };
  const wanted = judged.flatMap(({ agreed }) => agreed).length;
  const stayed = ends.flatMap(({ refused }) => refused).length;
  if (stayed > 0) {
    const missed = `${stayed} of ${countOf(wanted, "snapshot")} could not be removed`;
    return isDeleteRefused
      ? failed(
          "append_only",
          `The repo server does not let this credential delete, so ${missed}: enter an admin credential that may delete, then run the job again`,
          part,
        )
      : failed("restic_failed", `${missed}: see the job's log`, part);
  }
  if (broken) return { ...broken, ...part };
  const disputed = ends.filter((end) => end.disputed.length > 0);
  if (disputed.length > 0) return failed("retention_held", heldInWords(disputed), part);
  return succeeded({ ...part, ...unreadWarning(after) });
}

function endOf({ group, preview, agreed, disputed }: Judged, left: ReadonlySet<string>): GroupEnd {
  const asked = new Set(agreed);
  const unwanted = new Set(disputed);
  const going = preview.removed.filter(({ id }) => asked.has(id));
  return {
    group,
    removed: going.filter(({ id }) => !left.has(id)),
    refused: going.filter(({ id }) => left.has(id)),
    disputed: preview.removed.filter(({ id }) => unwanted.has(id)),
    kept: preview.kept,
  };
}

function heldInWords(ends: readonly GroupEnd[]): string {
  const count = ends.flatMap(({ disputed }) => disputed).length;
  const tags = ends.map(({ group }) => group.tag).join(", ");
  return `restic would remove ${countOf(count, "more snapshot")} of ${tags} than was confirmed, so they were kept: review them on the source group's page, then confirm or change its retention`;
}
