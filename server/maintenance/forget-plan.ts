/** Plans a forget when it is sent: which policies apply, to which snapshots, and which of them are removed. */
import type { Db } from "../../db/open.ts";
import { listDisputedRemovals } from "../../db/queries/disputed-removals.ts";
import { findHost } from "../../db/queries/hosts.ts";
import { findRepo } from "../../db/queries/repos.ts";
import type { HostRow } from "../../db/schema/hosts.ts";
import type { JobRow } from "../../db/schema/jobs.ts";
import type { RepoRow } from "../../db/schema/repos.ts";
import type { SourceGroupRow } from "../../db/schema/source-groups.ts";
import { digestOfIds, MOST_REMOVED_PER_JOB } from "../../shared/forget-plan.ts";
import type { CommandRun, ForgetGroup } from "../../shared/protocol/to-agent.ts";
import type { Clock } from "../../shared/time/clock.ts";
import type { PendingConfirmations } from "../source-groups/confirmations.ts";
import { goingOf, readableSnapshots } from "../source-groups/removals.ts";
import type { MaintenanceSurvey } from "./survey.ts";

/** How often a forget is planned again automatically because the repository holds other snapshots than expected. */
export const MOST_REPLANS = 3;

export type ForgetArgs = Extract<CommandRun, { kind: "forget" }>["args"];

export type ForgetPlanner = {
  /** Groups of every host that backs up into this repository whose policy may be applied now. */
  groupsOf(repo: RepoRow): { group: SourceGroupRow; host: HostRow }[];
  /** null when nothing may be removed any more. */
  plan(job: Pick<JobRow, "repoId" | "args">): ForgetArgs | null;
};

export type ForgetPlannerDeps = {
  db: Db;
  clock: Clock;
  confirmations: Pick<PendingConfirmations, "forgettable" | "holdIfUnconfirmed">;
  survey: Pick<MaintenanceSurvey, "sharingOf" | "groupsInto" | "isEmptied">;
};

/** Matches no set of ids, so the agent answers with the whole list, offsets included. */
const UNKNOWN = "0".repeat(64);

export function createForgetPlanner({ db, clock, confirmations, survey }: ForgetPlannerDeps): ForgetPlanner {
  const groupsOf: ForgetPlanner["groupsOf"] = (repo) =>
    survey.sharingOf(repo).shared.flatMap((sharer) => {
      const host = findHost(db, sharer.hostId);
      const targets = new Set(survey.groupsInto(sharer).map(({ id }) => id));
      if (!host) return [];
      return confirmations
        .forgettable(host.id)
        .filter(({ group, held }) => !held && targets.has(group.id) && !survey.isEmptied(sharer, group))
        .map(({ group }) => ({ group, host }));
    });

  /** A policy applies to its own host and tag only. `repo` belongs to the host that lists the repository. */
  const planGroup = (repo: RepoRow, host: HostRow, group: SourceGroupRow, room: number): ForgetGroup | null => {
    const rows = readableSnapshots(db, [repo.id], host, group);
    const agreed = new Set(
      listDisputedRemovals(db, group.id).flatMap((one) => (one.agreedAt === null ? [] : [one.snapshotId])),
    );
    const isExact = rows.every(({ utcOffsetMinutes }) => utcOffsetMinutes !== null);
    const reckoned = new Set(isExact ? goingOf(rows, group.retention, host, clock.now()) : []);
    const going = rows.filter((row) => reckoned.has(row) || agreed.has(row.snapshotId)).sort((a, b) => a.time - b.time);
    if (confirmations.holdIfUnconfirmed(group, going)) return null;
    return {
      source_group_id: group.id,
      tag: group.tag,
      host: host.resticHost,
      retention: group.retention,
      known: isExact ? digestOfIds(rows.map(({ snapshotId }) => snapshotId)) : UNKNOWN,
      remove: going.slice(0, room).map(({ snapshotId }) => snapshotId),
      is_partial: going.length > room,
    };
  };

  return {
    groupsOf,
    plan({ repoId, args }) {
      const repo = repoId === null ? null : findRepo(db, repoId);
      if (!repo) return null;
      let room = MOST_REMOVED_PER_JOB;
      const groups = groupsOf(repo).flatMap(({ group, host }) => {
        const planned = planGroup(repo, host, group, room);
        room -= planned?.remove.length ?? 0;
        return planned ?? [];
      });
      if (groups.length === 0) return null;
      return { restic_id: repo.resticId, groups, replans_left: Number(args["replans_left"] ?? 0) };
    },
  };
}
