/** Hooks: commands that a host runs before and after a backup. Sealed, visible to admins only; a group's hooks override the host's. */
import * as v from "valibot";
import type { Db } from "../../db/open.ts";
import { findHost, updateHost } from "../../db/queries/hosts.ts";
import { findSourceGroup, updateSourceGroup } from "../../db/queries/source-groups.ts";
import type { HostRow } from "../../db/schema/hosts.ts";
import type { SourceGroupRow } from "../../db/schema/source-groups.ts";
import { inTransaction } from "../../db/transaction.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { badInput, notFound, Refusal } from "../http/errors.ts";
import { type Actor, writeAudit } from "../runtime/audit.ts";
import type { FactBus } from "../runtime/facts.ts";
import { HOOK_NAMES, type HookPair, type HookTexts, type KnownHooks } from "./hook-texts.ts";

/** The limit of the protocol. null or empty = no hook. */
export const hookField = v.optional(v.nullable(v.pipe(v.string(), v.maxLength(65_536, "Use at most 64 KiB."))));
export const shellField = v.optional(v.nullable(v.pipe(v.string(), v.maxLength(200, "Use at most 200 characters."))));

export type HookChange = { pre?: string | null | undefined; post?: string | null | undefined };
export type HostHookChange = HookChange & { hook_shell?: string | null | undefined };

export type Hooks = {
  /** Whether the host allows hooks at all. null until its agent has reported that. */
  allowed(host: Pick<HostRow, "capabilities">): boolean | null;
  /** In plain text, for admins. @throws Refusal 404 */
  ofGroup(hostId: string, groupId: string): KnownHooks;
  ofHost(hostId: string): KnownHooks & { hook_shell: string | null };
  /** Omitted fields stay. @throws Refusal 404, 400, 409 `host_archived`, 413 */
  setOfGroup(actor: Actor, hostId: string, groupId: string, change: HookChange): void;
  setOfHost(actor: Actor, hostId: string, change: HostHookChange): void;
};

export type HookDeps = {
  db: Db;
  clock: Clock;
  bus: FactBus;
  texts: HookTexts;
  /** @throws Refusal 413 when the host's state would not fit into one message */
  checkStateSize(hostId: string): void;
};

export function createHooks({ db, clock, bus, texts, checkStateSize }: HookDeps): Hooks {
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
      throw new Refusal(409, "host_archived", `${host.name} is archived and cannot be changed.`);
  };
  return {
    allowed: ({ capabilities }) => (capabilities.length === 0 ? null : capabilities.includes("hooks")),
    ofGroup: (hostId, groupId) => texts.ofGroup(getGroup(hostId, groupId)),
    ofHost(hostId) {
      const host = getHost(hostId);
      return { ...texts.ofHost(host), hook_shell: host.hookShell };
    },
    setOfGroup(actor, hostId, groupId, change) {
      checkLive(hostId);
      const group = getGroup(hostId, groupId);
      const before = texts.ofGroup(group);
      const after = merged(before, change);
      const changed = changedNames(before, after, change);
      const sealed = texts.sealed("group", groupId, { pre: group.preHook, post: group.postHook }, after, changed);
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
      bus.publish("state.changed", { hostId });
    },
    setOfHost(actor, hostId, change) {
      checkLive(hostId);
      const host = getHost(hostId);
      const before = { ...texts.ofHost(host), hook_shell: host.hookShell };
      const after = { ...merged(before, change), hook_shell: shellOf(before.hook_shell, change) };
      const changed = changedNames(before, after, change);
      const was = { pre: host.preHookDefault, post: host.postHookDefault };
      const sealed = texts.sealed("host", hostId, was, after, changed);
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
      bus.publish("state.changed", { hostId });
    },
  };
}

function merged(before: HookPair, change: HookChange): HookPair {
  const pick = (was: string | null, wanted: string | null | undefined) =>
    wanted === undefined ? was : wanted === null || wanted.trim() === "" ? null : wanted.replaceAll("\r\n", "\n");
  const after = { pre: pick(before.pre, change.pre), post: pick(before.post, change.post) };
  const errors: Record<string, string> = {};
  for (const which of HOOK_NAMES)
    if (after[which]?.includes("\0")) errors[which] = "A command cannot contain NUL characters.";
  if (Object.keys(errors).length > 0) throw badInput(errors);
  return after;
}

function shellOf(before: string | null, { hook_shell: wanted }: HostHookChange): string | null {
  if (wanted === undefined) return before;
  const shell = wanted?.trim() || null;
  if (shell !== null && /[\u0000-\u001f\u007f]/.test(shell))
    throw badInput({ hook_shell: "Enter the path of a program." });
  return shell;
}

/** Names only, because the content of hooks is secret. A hook that cannot be decrypted counts as changed when a new one is entered. */
function changedNames<T extends HookPair>(before: T & KnownHooks, after: T, change: HookChange): string[] {
  return Object.keys(after).filter((name) => {
    const isEntered = before.unreadable.some((which) => which === name && change[which] !== undefined);
    return isEntered || before[name as keyof T] !== after[name as keyof T];
  });
}
