/** Hooks: what runs on a host before and after a backup. Sealed, for admins' eyes only, resolved group over host. */
import * as v from "valibot";
import type { Db } from "../../db/open.ts";
import { findHost, updateHost } from "../../db/queries/hosts.ts";
import { findSourceGroup, updateSourceGroup } from "../../db/queries/source-groups.ts";
import type { HostRow } from "../../db/schema/hosts.ts";
import type { SourceGroupRow } from "../../db/schema/source-groups.ts";
import { inTransaction } from "../../db/transaction.ts";
import type { Clock } from "../../shared/clock.ts";
import { badInput, notFound, Refusal } from "../http/errors.ts";
import { type Actor, writeAudit } from "../runtime/audit.ts";
import type { FactBus } from "../runtime/facts.ts";
import type { Sealer, SealPlace } from "../runtime/seal.ts";

/** As long as the wire takes; null or empty = none. */
export const hookField = v.optional(v.nullable(v.pipe(v.string(), v.maxLength(65_536, "At most 64 KiB."))));
export const shellField = v.optional(v.nullable(v.pipe(v.string(), v.maxLength(200, "At most 200 characters."))));

export type HookPair = { pre: string | null; post: string | null };
/** For admins; `unreadable` are those that are stored and do not open: damaged or moved in the database. */
export type KnownHooks = HookPair & { unreadable: readonly HookName[] };
type HookName = keyof HookPair;
export type HookChange = { pre?: string | null | undefined; post?: string | null | undefined };
export type HostHookChange = HookChange & { hook_shell?: string | null | undefined };

export type Hooks = {
  /** Whether the machine runs hooks at all; null before its agent has told what it can do. */
  allowed(host: Pick<HostRow, "capabilities">): boolean | null;
  /** In plain text, for admins. @throws Refusal 404 */
  ofGroup(hostId: string, groupId: string): KnownHooks;
  ofHost(hostId: string): KnownHooks & { hook_shell: string | null };
  /** What runs around a backup of the group: its own, else the host's default. @throws Refusal 409 `hook_unreadable`: without its hook a backup may be worth nothing */
  resolved(host: HostRow, group: SourceGroupRow): HookPair;
  /** What is left out stays. @throws Refusal 404, 400, 409 `host_archived`, 413 */
  setOfGroup(actor: Actor, hostId: string, groupId: string, change: HookChange): void;
  setOfHost(actor: Actor, hostId: string, change: HostHookChange): void;
};

export type HookDeps = {
  db: Db;
  clock: Clock;
  bus: FactBus;
  sealer: Sealer;
  /** @throws Refusal 413 when the host's whole state would not fit into one message */
  checkStateSize(hostId: string): void;
};

/** Where sealed hooks lie. */
const HOOK_PLACES = {
  group: { table: "source_groups", pre: "pre_hook", post: "post_hook" },
  host: { table: "hosts", pre: "pre_hook_default", post: "post_hook_default" },
} as const;

const HOOK_NAMES: readonly HookName[] = ["pre", "post"];

export function createHooks({ db, clock, bus, sealer, checkStateSize }: HookDeps): Hooks {
  const placeOf = (owner: keyof typeof HOOK_PLACES, which: HookName, id: string): SealPlace => ({
    table: HOOK_PLACES[owner].table,
    column: HOOK_PLACES[owner][which],
    id,
  });
  const open = (place: SealPlace, blob: string): string | null => {
    try {
      return sealer.unseal(place, blob);
    } catch {
      return null;
    }
  };
  const known = (owner: keyof typeof HOOK_PLACES, id: string, sealedOnes: HookPair): KnownHooks => {
    const opened = (which: HookName) => {
      const blob = sealedOnes[which];
      return blob === null ? null : open(placeOf(owner, which, id), blob);
    };
    const texts = { pre: opened("pre"), post: opened("post") };
    const unreadable = HOOK_NAMES.filter((which) => sealedOnes[which] !== null && texts[which] === null);
    return { ...texts, unreadable };
  };
  const groupHooks = (group: SourceGroupRow) => known("group", group.id, { pre: group.preHook, post: group.postHook });
  const hostHooks = (host: HostRow) => known("host", host.id, { pre: host.preHookDefault, post: host.postHookDefault });
  const getHost = (hostId: string): HostRow => {
    const host = findHost(db, hostId);
    if (!host) throw notFound("host");
    return host;
  };
  const getGroup = (hostId: string, groupId: string): SourceGroupRow => {
    const group = findSourceGroup(db, groupId);
    if (!group || group.hostId !== hostId) throw notFound("source group");
    return group;
  };
  const checkLive = (hostId: string) => {
    const host = getHost(hostId);
    if (host.archivedAt !== null)
      throw new Refusal(409, "host_archived", `${host.name} is archived and cannot change.`);
  };
  /** What nobody changes stays as it lies there, also if it does not open. */
  const sealedAgain = (
    owner: keyof typeof HOOK_PLACES,
    id: string,
    was: HookPair,
    after: HookPair,
    changed: readonly string[],
  ) => {
    const sealed = (which: HookName) => {
      const text = after[which];
      if (!changed.includes(which)) return was[which];
      return text === null ? null : sealer.seal(placeOf(owner, which, id), text);
    };
    return { pre: sealed("pre"), post: sealed("post") };
  };

  return {
    allowed: ({ capabilities }) => (capabilities.length === 0 ? null : capabilities.includes("hooks")),
    ofGroup: (hostId, groupId) => groupHooks(getGroup(hostId, groupId)),
    ofHost(hostId) {
      const host = getHost(hostId);
      return { ...hostHooks(host), hook_shell: host.hookShell };
    },
    resolved(host, group) {
      const own = groupHooks(group);
      const byDefault = hostHooks(host);
      const pick = (which: HookName): string | null => {
        if (own.unreadable.includes(which)) throw unreadable(`source group ${group.name}`);
        if (own[which] === null && byDefault.unreadable.includes(which)) throw unreadable(host.name);
        return own[which] ?? byDefault[which];
      };
      return { pre: pick("pre"), post: pick("post") };
    },
    setOfGroup(actor, hostId, groupId, change) {
      checkLive(hostId);
      const group = getGroup(hostId, groupId);
      const before = groupHooks(group);
      const after = merged(before, change);
      const changed = changedNames(before, after, change);
      const sealed = sealedAgain("group", groupId, { pre: group.preHook, post: group.postHook }, after, changed);
      inTransaction(db, () => {
        updateSourceGroup(db, groupId, { preHook: sealed.pre, postHook: sealed.post, updatedAt: clock.now() });
        checkStateSize(hostId);
        writeAudit(db, clock.now(), {
          actor,
          action: "source_group.hooks_changed",
          target: { kind: "source_group", id: group.id, name: group.name },
          payload: { changed },
        });
      });
      bus.tell("state.changed", { hostId });
    },
    setOfHost(actor, hostId, change) {
      checkLive(hostId);
      const host = getHost(hostId);
      const before = { ...hostHooks(host), hook_shell: host.hookShell };
      const after = { ...merged(before, change), hook_shell: shellOf(before.hook_shell, change) };
      const changed = changedNames(before, after, change);
      const was = { pre: host.preHookDefault, post: host.postHookDefault };
      const sealed = sealedAgain("host", hostId, was, after, changed);
      inTransaction(db, () => {
        updateHost(db, hostId, {
          preHookDefault: sealed.pre,
          postHookDefault: sealed.post,
          hookShell: after.hook_shell,
          updatedAt: clock.now(),
        });
        checkStateSize(hostId);
        writeAudit(db, clock.now(), {
          actor,
          action: "host.hooks_changed",
          target: { kind: "host", id: host.id, name: host.name },
          payload: { changed },
        });
      });
      bus.tell("state.changed", { hostId });
    },
  };
}

function merged(before: HookPair, change: HookChange): HookPair {
  const pick = (was: string | null, wanted: string | null | undefined) =>
    wanted === undefined ? was : wanted === null || wanted.trim() === "" ? null : wanted.replaceAll("\r\n", "\n");
  const after = { pre: pick(before.pre, change.pre), post: pick(before.post, change.post) };
  const errors: Record<string, string> = {};
  for (const which of HOOK_NAMES) if (after[which]?.includes("\0")) errors[which] = "A command holds no zero bytes.";
  if (Object.keys(errors).length > 0) throw badInput(errors);
  return after;
}

function shellOf(before: string | null, { hook_shell: wanted }: HostHookChange): string | null {
  if (wanted === undefined) return before;
  const shell = wanted?.trim() || null;
  if (shell !== null && /[\u0000-\u001f\u007f]/.test(shell))
    throw badInput({ hook_shell: "Write the path of a program." });
  return shell;
}

/** Names only: what hooks say is a secret. One that does not open changes with whatever is entered in its place. */
function changedNames<T extends HookPair>(before: T & KnownHooks, after: T, change: HookChange): string[] {
  return Object.keys(after).filter((name) => {
    const isEntered = before.unreadable.some((which) => which === name && change[which] !== undefined);
    return isEntered || before[name as keyof T] !== after[name as keyof T];
  });
}

function unreadable(whose: string): Refusal {
  const message = `A hook of ${whose} does not open: it was damaged or moved in the database. Enter the hooks again first.`;
  return new Refusal(409, "hook_unreadable", message);
}
