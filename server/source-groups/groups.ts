/** Source groups: what a host backs up under one tag. Every change is a new desired state. */
import type { Db } from "../../db/open.ts";
import { findHost } from "../../db/queries/hosts.ts";
import {
  deleteSourceGroup,
  findSourceGroup,
  insertSourceGroup,
  isGroupNameFree,
  listSchedulesOfGroup,
  listSourceGroups,
  updateSourceGroup,
} from "../../db/queries/source-groups.ts";
import type { SourceGroupRow } from "../../db/schema/source-groups.ts";
import { inTransaction } from "../../db/transaction.ts";
import type { Clock } from "../../shared/clock.ts";
import { defaultIncludes, excludePreset } from "../../shared/exclude-preset.ts";
import { newId } from "../../shared/ids.ts";
import { DEFAULT_RETENTION } from "../../shared/retention.ts";
import { badInput, notFound, Refusal } from "../http/errors.ts";
import { type Actor, writeAudit } from "../runtime/audit.ts";
import type { FactBus } from "../runtime/facts.ts";
import { checkGroupFields, type GroupFields, type SourceGroupInput } from "./fields.ts";

export type SourceGroups = {
  /** @throws Refusal 404, 400 with fields, 409 `name_taken` */
  create(actor: Actor, hostId: string, input: SourceGroupInput): SourceGroupRow;
  update(actor: Actor, hostId: string, groupId: string, input: SourceGroupInput): SourceGroupRow;
  /** @throws Refusal 409 `in_use` with the schedules, `last_group` */
  remove(actor: Actor, hostId: string, groupId: string): void;
  /** The first group of a new host; inside the caller's transaction. */
  createDefault(hostId: string, os: "linux" | "windows", includes: readonly string[]): SourceGroupRow;
  /** @throws Refusal 404 */
  get(hostId: string, groupId: string): SourceGroupRow;
};

export type SourceGroupDeps = {
  db: Db;
  clock: Clock;
  bus: FactBus;
  /** @throws Refusal 413 when the host's whole state would not fit into one message */
  checkStateSize(hostId: string): void;
};

export function createSourceGroups({ db, clock, bus, checkStateSize }: SourceGroupDeps): SourceGroups {
  const get: SourceGroups["get"] = (hostId, groupId) => {
    const group = findSourceGroup(db, groupId);
    if (!group || group.hostId !== hostId) throw notFound("source group");
    return group;
  };
  const audit = (actor: Actor, action: string, group: SourceGroupRow, payload: Record<string, unknown>) =>
    writeAudit(db, clock.now(), {
      actor,
      action,
      target: { kind: "source_group", id: group.id, name: group.name },
      payload,
    });

  const checked = (hostId: string, fields: GroupFields, except: string | null): GroupFields => {
    const host = findHost(db, hostId);
    if (!host || host.archivedAt !== null) throw notFound("host");
    const outcome = checkGroupFields(fields, host.os);
    if (!outcome.ok) throw badInput(outcome.errors);
    if (!isGroupNameFree(db, hostId, outcome.fields.name, outcome.fields.tag, except)) {
      const message = `${host.name} has a source group with this name or tag already.`;
      throw new Refusal(409, "name_taken", message, { name: message });
    }
    return outcome.fields;
  };

  const insert = (hostId: string, fields: GroupFields): SourceGroupRow => {
    const now = clock.now();
    const id = newId();
    insertSourceGroup(db, { id, hostId, ...fields, retention: DEFAULT_RETENTION, createdAt: now, updatedAt: now });
    return get(hostId, id);
  };

  return {
    get,
    create(actor, hostId, input) {
      const host = findHost(db, hostId);
      if (!host) throw notFound("host");
      const group = inTransaction(db, () => {
        const created = insert(hostId, checked(hostId, merge(emptyGroup(host.os, input.includes ?? []), input), null));
        checkStateSize(hostId);
        audit(actor, "source_group.created", created, { host: host.name, includes: created.includes.length });
        return created;
      });
      bus.tell("state.changed", { hostId });
      return group;
    },
    update(actor, hostId, groupId, input) {
      const before = get(hostId, groupId);
      if (input.tag !== undefined && input.tag.trim() !== before.tag) {
        throw badInput({ tag: "The tag marks this group's snapshots and cannot change. Make a new group instead." });
      }
      const group = inTransaction(db, () => {
        const fields = checked(hostId, merge(before, input), groupId);
        updateSourceGroup(db, groupId, { ...fields, updatedAt: clock.now() });
        const after = get(hostId, groupId);
        checkStateSize(hostId);
        audit(actor, "source_group.updated", after, { changed: changedNames(before, after) });
        return after;
      });
      bus.tell("state.changed", { hostId });
      return group;
    },
    remove(actor, hostId, groupId) {
      const group = get(hostId, groupId);
      inTransaction(db, () => {
        if (listSourceGroups(db, hostId).length <= 1) {
          throw new Refusal(
            409,
            "last_group",
            "A host keeps at least one source group. Edit this one, or archive the host.",
          );
        }
        const users = listSchedulesOfGroup(db, groupId);
        if (users.length > 0) {
          const names = users.map((schedule) => schedule.cron).join(", ");
          throw new Refusal(409, "in_use", `Schedules still run this group: ${names}. Take it out of them first.`);
        }
        deleteSourceGroup(db, groupId);
        audit(actor, "source_group.deleted", group, { tag: group.tag });
      });
      bus.tell("state.changed", { hostId });
    },
    createDefault(hostId, os, includes) {
      const paths = includes.length > 0 ? [...includes] : defaultIncludes(os);
      return insert(hostId, { ...emptyGroup(os, paths), name: "default", tag: "default", includes: paths });
    },
  };
}

function emptyGroup(os: "linux" | "windows", includes: readonly string[]): GroupFields {
  return {
    name: "",
    tag: "",
    includes: [],
    excludes: excludePreset(os, includes),
    excludeCaches: true,
    oneFileSystem: false,
    logFiles: false,
  };
}

function merge(base: GroupFields, input: SourceGroupInput): GroupFields {
  return {
    name: input.name ?? base.name,
    tag: input.tag ?? base.tag,
    includes: input.includes ?? base.includes,
    excludes: input.excludes ?? base.excludes,
    excludeCaches: input.exclude_caches ?? base.excludeCaches,
    oneFileSystem: input.one_file_system ?? base.oneFileSystem,
    logFiles: input.log_files ?? base.logFiles,
  };
}

function changedNames(before: SourceGroupRow, after: SourceGroupRow): string[] {
  const names = ["name", "includes", "excludes", "excludeCaches", "oneFileSystem", "logFiles"] as const;
  return names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}
