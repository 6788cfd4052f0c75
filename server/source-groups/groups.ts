/** Source groups: what a host backs up under one tag. Every change updates the desired state. */
import type { Db } from "../../db/open.ts";
import { deleteDisputedRemovals } from "../../db/queries/disputed-removals.ts";
import { findHost } from "../../db/queries/hosts.ts";
import { listReposOfHost } from "../../db/queries/repos.ts";
import {
  deleteSourceGroup,
  findSourceGroup,
  hasBackups,
  insertSourceGroup,
  isGroupNameFree,
  listOwnRepoIds,
  listSchedulesOfGroup,
  listSourceGroups,
  putOwnRepoIds,
  updateSourceGroup,
} from "../../db/queries/source-groups.ts";
import type { HostRow } from "../../db/schema/hosts.ts";
import type { SourceGroupRow } from "../../db/schema/source-groups.ts";
import { inTransaction } from "../../db/transaction.ts";
import { newId } from "../../shared/ids.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { cronInWords } from "../../shared/time/cron-words.ts";
import { badInput, notFound, Refusal } from "../http/errors.ts";
import { type Actor, writeAudit } from "../runtime/audit.ts";
import type { FactBus } from "../runtime/facts.ts";
import { checkGroupFields, type GroupFields, type SourceGroupInput } from "./fields.ts";
import { defaultGroup, mergeGroup, newGroup } from "./new-group.ts";
import { removalInWords, removalOf } from "./removals.ts";

export type SourceGroups = {
  /** @throws Refusal 404, 400 with fields, 409 `name_taken` */
  create(actor: Actor, hostId: string, input: SourceGroupInput): SourceGroupRow;
  /** @throws Refusal as `create`; 409 `removes_snapshots` when existing snapshots would be removed without confirmation */
  update(actor: Actor, hostId: string, groupId: string, input: SourceGroupInput): SourceGroupRow;
  /** @throws Refusal 409 `in_use` with the schedules, `last_group` */
  remove(actor: Actor, hostId: string, groupId: string): void;
  /** The first group of a new host. Call inside the caller's transaction. */
  createDefault(hostId: string, os: "linux" | "windows", includes: readonly string[]): SourceGroupRow;
  /** @throws Refusal 404 */
  get(hostId: string, groupId: string): SourceGroupRow;
};

export type SourceGroupDeps = {
  db: Db;
  clock: Clock;
  bus: FactBus;
  /** @throws Refusal 413 when the host's state would not fit into one message */
  checkStateSize(hostId: string): void;
};

export function createSourceGroups({ db, clock, bus, checkStateSize }: SourceGroupDeps): SourceGroups {
  const get: SourceGroups["get"] = (hostId, groupId) => {
    const group = findSourceGroup(db, groupId);
    if (!group || group.hostId !== hostId) throw notFound("source group");
    return group;
  };
  const liveHost = (hostId: string): HostRow => {
    const host = findHost(db, hostId);
    if (!host || host.archivedAt !== null) throw notFound("host");
    return host;
  };
  const audit = (actor: Actor, action: string, group: SourceGroupRow, payload: Record<string, unknown>) =>
    writeAudit(db, clock.now(), {
      actor,
      action,
      target: { kind: "source_group", id: group.id, name: group.name },
      payload,
    });

  const checked = (
    host: HostRow,
    fields: GroupFields,
    repoIds: readonly string[],
    except: string | null,
  ): GroupFields => {
    const outcome = checkGroupFields(fields, host.os);
    const own = new Set(listReposOfHost(db, host.id).map((repo) => repo.id));
    const errors: Record<string, string> = outcome.ok ? {} : outcome.errors;
    if (repoIds.some((id) => !own.has(id))) errors["repo_ids"] = `One of these repos does not belong to ${host.name}.`;
    if (!outcome.ok || Object.keys(errors).length > 0) throw badInput(errors);
    if (!isGroupNameFree(db, host.id, outcome.fields.name, outcome.fields.tag, except)) {
      const message = `${host.name} already has a source group with this name or tag.`;
      throw new Refusal(409, "name_taken", message, { name: message });
    }
    return outcome.fields;
  };

  const insert = (hostId: string, fields: GroupFields, repoIds: readonly string[]): SourceGroupRow => {
    const now = clock.now();
    const id = newId();
    insertSourceGroup(db, { id, hostId, ...fields, createdAt: now, updatedAt: now });
    putOwnRepoIds(db, id, repoIds);
    return get(hostId, id);
  };

  /** The effect of a new policy on existing snapshots: it may remove them only after a person has confirmed it. */
  const heldBy = (host: HostRow, before: SourceGroupRow, fields: GroupFields, mayRemove: boolean | undefined) => {
    if (JSON.stringify(fields.retention) === JSON.stringify(before.retention)) return {};
    const now = clock.now();
    const after = removalOf(db, host, before, fields.retention, now);
    const gone = new Set(removalOf(db, host, before, before.retention, now).going.map(({ snapshotId }) => snapshotId));
    const more = after.going.filter(({ snapshotId }) => !gone.has(snapshotId));
    const isQuestion = more.length > 0 || (before.retentionHeldSince !== null && after.going.length > 0);
    if (!isQuestion) return { retentionHeldSince: null };
    if (mayRemove === true) return { retentionHeldSince: null, retentionSettledAt: now };
    if (mayRemove === false) return { retentionHeldSince: before.retentionHeldSince ?? now };
    const message = removalInWords(after, host);
    throw new Refusal(409, "removes_snapshots", message, { confirm_removal: message });
  };

  const checkTag = (before: SourceGroupRow, input: SourceGroupInput) => {
    if (input.tag === undefined || input.tag.trim() === before.tag || !hasBackups(db, before.id)) return;
    throw badInput({ tag: "The tag marks this group's snapshots and cannot be changed. Create a new group instead." });
  };

  return {
    get,
    create(actor, hostId, input) {
      const host = findHost(db, hostId);
      if (!host) throw notFound("host");
      const group = inTransaction(db, () => {
        const fields = mergeGroup(newGroup(host.os, input.includes ?? []), input);
        const repoIds = input.repo_ids ?? [];
        const created = insert(hostId, checked(liveHost(hostId), fields, repoIds, null), repoIds);
        checkStateSize(hostId);
        audit(actor, "source_group.created", created, { host: host.name, includes: created.includes.length });
        return created;
      });
      bus.publish("state.changed", { hostId });
      return group;
    },
    update(actor, hostId, groupId, input) {
      const before = get(hostId, groupId);
      const repoIdsBefore = listOwnRepoIds(db, groupId);
      checkTag(before, input);
      const group = inTransaction(db, () => {
        const host = liveHost(hostId);
        const repoIds = input.repo_ids ?? repoIdsBefore;
        const fields = checked(host, mergeGroup(before, input), repoIds, groupId);
        const hold = heldBy(host, before, fields, input.confirm_removal);
        const areOthers = fields.tag !== before.tag || isOtherSet(repoIds, repoIdsBefore);
        // Another tag or repo may have other snapshots, so the next forget counts as the first one again.
        const fresh = areOthers ? { retentionSettledAt: null } : {};
        updateSourceGroup(db, groupId, { ...fields, ...fresh, ...hold, updatedAt: clock.now() });
        // What restic would have removed under the former policy says nothing about this one.
        if (areOthers || JSON.stringify(fields.retention) !== JSON.stringify(before.retention))
          deleteDisputedRemovals(db, groupId);
        putOwnRepoIds(db, groupId, repoIds);
        const after = get(hostId, groupId);
        checkStateSize(hostId);
        const changed = changedNames(before, after);
        if (isOtherSet(repoIds, repoIdsBefore)) changed.push("repo_ids");
        audit(actor, "source_group.updated", after, {
          changed,
          ...(changed.includes("retention") ? { retention: after.retention } : {}),
        });
        return after;
      });
      bus.publish("state.changed", { hostId });
      return group;
    },
    remove(actor, hostId, groupId) {
      const group = get(hostId, groupId);
      inTransaction(db, () => {
        if (listSourceGroups(db, hostId).length <= 1) {
          throw new Refusal(
            409,
            "last_group",
            "A host needs at least one source group. Edit this one, or archive the host.",
          );
        }
        const users = listSchedulesOfGroup(db, groupId);
        if (users.length > 0) {
          const names = users.map((schedule) => `“${cronInWords(schedule.cron)}” (${schedule.cron})`).join(", ");
          throw new Refusal(
            409,
            "in_use",
            users.length === 1
              ? `The schedule ${names} still runs this group. Remove the group from it first.`
              : `The schedules ${names} still run this group. Remove the group from them first.`,
          );
        }
        deleteSourceGroup(db, groupId);
        audit(actor, "source_group.deleted", group, { tag: group.tag });
      });
      bus.publish("state.changed", { hostId });
    },
    createDefault: (hostId, os, includes) => insert(hostId, defaultGroup(os, includes), []),
  };
}

function isOtherSet(a: readonly string[], b: readonly string[]): boolean {
  return a.toSorted().join() !== b.toSorted().join();
}

function changedNames(before: SourceGroupRow, after: SourceGroupRow): string[] {
  const names = [
    ...(["name", "tag", "includes", "excludes", "excludeCaches", "oneFileSystem", "logFiles"] as const),
    ...(["retention", "retryMax", "retryBackoffSeconds"] as const),
  ];
  return names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}
