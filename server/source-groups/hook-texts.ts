/** Opens stored hooks for admins and for the agent, and seals changed ones. */
import type { HostRow } from "../../db/schema/hosts.ts";
import type { SourceGroupRow } from "../../db/schema/source-groups.ts";
import { Refusal } from "../http/errors.ts";
import type { Sealer, SealPlace } from "../runtime/seal.ts";

export type HookPair = { pre: string | null; post: string | null };
export type HookName = keyof HookPair;
/** For admins. `unreadable` are stored hooks that cannot be decrypted because they were damaged or moved in the database. */
export type KnownHooks = HookPair & { unreadable: readonly HookName[] };

/** Where sealed hooks are stored. */
const HOOK_PLACES = {
  group: { table: "source_groups", pre: "pre_hook", post: "post_hook" },
  host: { table: "hosts", pre: "pre_hook_default", post: "post_hook_default" },
} as const;
export type HookOwner = keyof typeof HOOK_PLACES;

export const HOOK_NAMES: readonly HookName[] = ["pre", "post"];

export type HookTexts = {
  ofGroup(group: SourceGroupRow): KnownHooks;
  ofHost(host: HostRow): KnownHooks;
  /** The hooks for a backup of the group: its own, or else the host's default. @throws Refusal 409 `hook_unreadable`: a backup without its hook may be worthless */
  resolved(host: HostRow, group: SourceGroupRow): HookPair;
  /** @param was as stored; hooks that are not in `changed` stay unchanged, even if they cannot be decrypted */
  sealed(owner: HookOwner, id: string, was: HookPair, after: HookPair, changed: readonly string[]): HookPair;
};

export function createHookTexts({ sealer }: { sealer: Sealer }): HookTexts {
  const placeOf = (owner: HookOwner, which: HookName, id: string): SealPlace => ({
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
  const known = (owner: HookOwner, id: string, sealedOnes: HookPair): KnownHooks => {
    const opened = (which: HookName) => {
      const blob = sealedOnes[which];
      return blob === null ? null : open(placeOf(owner, which, id), blob);
    };
    const texts = { pre: opened("pre"), post: opened("post") };
    const unreadable = HOOK_NAMES.filter((which) => sealedOnes[which] !== null && texts[which] === null);
    return { ...texts, unreadable };
  };
  const ofGroup: HookTexts["ofGroup"] = (group) =>
    known("group", group.id, { pre: group.preHook, post: group.postHook });
  const ofHost: HookTexts["ofHost"] = (host) =>
    known("host", host.id, { pre: host.preHookDefault, post: host.postHookDefault });
  return {
    ofGroup,
    ofHost,
    resolved(host, group) {
      const own = ofGroup(group);
      const byDefault = ofHost(host);
      const pick = (which: HookName): string | null => {
        if (own.unreadable.includes(which)) throw unreadable(`source group ${group.name}`);
        if (own[which] === null && byDefault.unreadable.includes(which)) throw unreadable(host.name);
        return own[which] ?? byDefault[which];
      };
      return { pre: pick("pre"), post: pick("post") };
    },
    sealed(owner, id, was, after, changed) {
      const seal = (which: HookName) => {
        const text = after[which];
        if (!changed.includes(which)) return was[which];
        return text === null ? null : sealer.seal(placeOf(owner, which, id), text);
      };
      return { pre: seal("pre"), post: seal("post") };
    },
  };
}

function unreadable(whose: string): Refusal {
  const message = `A hook of ${whose} cannot be decrypted: it was damaged or moved in the database. Enter the hooks again first.`;
  return new Refusal(409, "hook_unreadable", message);
}
