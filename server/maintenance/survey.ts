/** Reads the facts for maintenance decisions: who shares a repository, who does the work, what ran last. */
import type { Db } from "../../db/open.ts";
import { findHost } from "../../db/queries/hosts.ts";
import { findLastRun, type LastRun } from "../../db/queries/jobs.ts";
import { findCredential, findRepo } from "../../db/queries/repos.ts";
import { findTarget, listSourceGroups, listTargetRepoIds } from "../../db/queries/source-groups.ts";
import type { HostRow } from "../../db/schema/hosts.ts";
import type { RepoRow } from "../../db/schema/repos.ts";
import type { SourceGroupRow } from "../../db/schema/source-groups.ts";
import { MAINTENANCE_KINDS, type MaintenanceKind } from "../../shared/maintenance.ts";
import { type Clock, DAY_MS } from "../../shared/time/clock.ts";
import { type Zone, zoneNamed } from "../../shared/time/zone.ts";
import type { Hub } from "../agents/hub.ts";
import { readHold } from "../deletion-holds/read-hold.ts";
import { isLastWithoutFiles } from "../hosts/last-backup.ts";
import { zoneOf } from "../hosts/rules.ts";
import { readSharing, type Sharing } from "../repos/sharing.ts";
import { expressionOf, readCadence } from "./cadence.ts";
import type { LastJob, MaintenanceFacts } from "./decide.ts";
import { createDueTimes, type DueTimes } from "./due-times.ts";
import { type DeleteRight, deleteRight, type ForgetState, forgetsOf, maintainerOf } from "./rules.ts";

/** Hosts silent for longer than this no longer keep the maintenance of a shared repository to themselves. */
const SILENT_AFTER_MS = DAY_MS;

export type SurveyDeps = {
  db: Db;
  clock: Clock;
  hub: Hub;
  lastSeenAt(host: Pick<HostRow, "id" | "lastSeenAt">): number | null;
};

export type MaintenanceSurvey = {
  rightOf(repo: RepoRow): DeleteRight;
  /** The host that does the maintenance: the repo's own, or the chosen one. There is no automatic fallback, because that would hand out the right to delete. */
  executorOf(repo: Pick<RepoRow, "hostId" | "maintenanceHostId">): HostRow | null;
  sharingOf(repo: RepoRow): Sharing;
  maintainerOf(repo: RepoRow): RepoRow | null;
  /** @param now the moment that the facts are for */
  factsOf(repo: RepoRow, now: number): MaintenanceFacts;
  /** Covers every host that shares the repository. */
  forgetsInto(repo: RepoRow): ForgetState;
  lastJobs(repo: RepoRow): Record<MaintenanceKind, LastJob | null>;
  /** The group's newest backup into the repo saved no files. */
  isEmptied(repo: Pick<RepoRow, "id">, group: Pick<SourceGroupRow, "id">): boolean;
  /** Groups of the repo's host that are backed up into it. */
  groupsInto(repo: RepoRow): SourceGroupRow[];
  zoneOf(repo: RepoRow): Zone;
};

export function createMaintenanceSurvey({ db, clock, hub, lastSeenAt }: SurveyDeps): MaintenanceSurvey {
  const dueTimesAround = createDueTimes();
  const zone: MaintenanceSurvey["zoneOf"] = (repo) => {
    const host = findHost(db, repo.hostId);
    return zoneNamed(host ? zoneOf(host) : "UTC");
  };
  const dueTimes = (repo: RepoRow, kind: MaintenanceKind, now: number, place: Zone): DueTimes | null => {
    const expression = expressionOf(repo, kind);
    return expression === null
      ? null
      : dueTimesAround(now, expression, place, () => readCadence(repo, kind, expression));
  };
  const rightOf: MaintenanceSurvey["rightOf"] = (repo) =>
    deleteRight(repo.appendOnly, findCredential(db, repo.id, "admin") !== null);
  const sharingOf: MaintenanceSurvey["sharingOf"] = (repo) => readSharing(db, repo);
  const groupsInto: MaintenanceSurvey["groupsInto"] = (repo) =>
    listSourceGroups(db, repo.hostId).filter((group) => listTargetRepoIds(db, group).includes(repo.id));
  const executorOf: MaintenanceSurvey["executorOf"] = ({ hostId, maintenanceHostId }) =>
    findHost(db, maintenanceHostId ?? hostId);
  const wasSeenLately = (repo: RepoRow): boolean => {
    const executor = executorOf(repo);
    return executor?.archivedAt === null && clock.now() - (lastSeenAt(executor) ?? 0) < SILENT_AFTER_MS;
  };
  const maintainerAmong = (sharers: readonly RepoRow[]): RepoRow | null => {
    if (sharers.length === 1) return sharers.find((one) => one.maintenanceEnabled && one.status === "ready") ?? null;
    const id = maintainerOf(
      sharers.map((one) => ({
        id: one.id,
        isEnabled: one.maintenanceEnabled,
        isReady: one.status === "ready",
        wasSeenLately: wasSeenLately(one),
        right: rightOf(one),
      })),
    );
    return sharers.find((one) => one.id === id) ?? null;
  };
  const isEmptied: MaintenanceSurvey["isEmptied"] = (repo, group) => {
    const target = findTarget(db, group.id, repo.id);
    return target !== null && isLastWithoutFiles(target);
  };
  const forgetsOfAll = (sharers: readonly RepoRow[]): ForgetState =>
    forgetsOf(
      sharers.flatMap((sharer) =>
        groupsInto(sharer).map((group) => ({
          ...group,
          isEmptied: isEmptied(sharer, group),
          // Read only where it matters.
          isListed:
            group.retentionSettledAt !== null ||
            listTargetRepoIds(db, group).every((id) => findRepo(db, id)?.snapshotsTakenAt != null),
        })),
      ),
    );
  return {
    rightOf,
    executorOf,
    sharingOf,
    maintainerOf: (repo) => maintainerAmong(sharingOf(repo).shared),
    groupsInto,
    isEmptied,
    forgetsInto: (repo) => forgetsOfAll(sharingOf(repo).shared),
    zoneOf: zone,
    factsOf(repo, now) {
      const executor = executorOf(repo);
      const place = zone(repo);
      const sharers = sharingOf(repo).shared;
      return {
        isReady: repo.status === "ready",
        isEnabled: repo.maintenanceEnabled,
        isMaintainer: maintainerAmong(sharers)?.id === repo.id,
        isExecutorGone: executor?.archivedAt !== null,
        right: rightOf(repo),
        isDeletionHeld: readHold(db, repo) !== null,
        forgets: forgetsOfAll(sharers),
        since: Math.max(repo.createdAt, repo.maintenanceSince ?? 0),
        onlineSince: executor ? (hub.find(executor.id)?.openedAt ?? null) : null,
        dueTimes: {
          forget: dueTimes(repo, "forget", now, place),
          prune: dueTimes(repo, "prune", now, place),
          check: dueTimes(repo, "check", now, place),
        },
      };
    },
    lastJobs(repo) {
      const ids = sharingOf(repo).shared.map(({ id }) => id);
      const newest = (kind: MaintenanceKind): LastJob | null =>
        ids
          .flatMap((id) => findLastRun(db, id, kind) ?? [])
          .map(asLastJob)
          .reduce<LastJob | null>((best, job) => (best === null || job.queuedAt > best.queuedAt ? job : best), null);
      return Object.fromEntries(MAINTENANCE_KINDS.map((kind) => [kind, newest(kind)])) as Record<
        MaintenanceKind,
        LastJob | null
      >;
    },
  };
}

/** A cancelled job counts as over, whether its host confirms that or not. Otherwise it could block the next one forever. */
function asLastJob({ queuedAt, status, cancelRequestedAt }: LastRun): LastJob {
  const isOpen = status === "queued" || status === "running";
  return { queuedAt, status: isOpen && cancelRequestedAt !== null ? "cancelled" : status };
}
