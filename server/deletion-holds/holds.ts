/** What people do with deletion holds: place, release and list them. */
import type { Db } from "../../db/open.ts";
import {
  type DeletionHold,
  deleteDeletionHold,
  insertDeletionHold,
  listDeletionHolds,
} from "../../db/queries/deletion-holds.ts";
import { findHost, listLiveHosts } from "../../db/queries/hosts.ts";
import { inTransaction } from "../../db/transaction.ts";
import { newId } from "../../shared/ids.ts";
import { holdScopeInWords, LONGEST_HOLD_REASON } from "../../shared/maintenance.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { badInput, notFound, Refusal } from "../http/errors.ts";
import { type Actor, writeAudit } from "../runtime/audit.ts";
import type { FactBus } from "../runtime/facts.ts";

/** At most one of host and tag. With neither, it covers every host. */
export type HoldInput = { hostId: string | null; tag: string | null; reason: string };

type Person = Extract<Actor, { kind: "user" }>;

export type DeletionHolds = {
  /** Stops forget and prune until it is released. @throws Refusal 400 with fields, 404, 409 `already_held` */
  hold(actor: Person, input: HoldInput): DeletionHold;
  /** @throws Refusal 404 */
  release(actor: Person, id: string): DeletionHold;
  /** null = it was released, or never existed. */
  find(id: string): DeletionHold | null;
  /** Oldest first. */
  list(): DeletionHold[];
};

export function createDeletionHolds({ db, clock, bus }: { db: Db; clock: Clock; bus: FactBus }): DeletionHolds {
  const find: DeletionHolds["find"] = (id) => listDeletionHolds(db).find((hold) => hold.id === id) ?? null;
  const audit = (actor: Person, action: string, hold: DeletionHold) =>
    writeAudit(db, clock.now(), {
      actor,
      action,
      target: { kind: "deletion_hold", id: hold.id, name: holdScopeInWords(hold) },
      payload: { host_id: hold.hostId, tag: hold.tag, reason: hold.reason },
    });
  return {
    find,
    list: () => listDeletionHolds(db),
    hold(actor, input) {
      const reason = input.reason.trim();
      const tag = input.tag?.trim().toLowerCase() ?? null;
      const fields: Record<string, string> = {};
      if (reason === "") fields["reason"] = "Enter a reason. Everybody who signs in sees it.";
      if (reason.length > LONGEST_HOLD_REASON) fields["reason"] = `Enter at most ${LONGEST_HOLD_REASON} characters.`;
      if (input.hostId !== null && tag !== null) fields["tag"] = "Choose either a host or a tag.";
      else if (tag !== null && !listLiveHosts(db).some((host) => host.tags.includes(tag)))
        fields["tag"] = `No host has the tag ${tag.slice(0, 40)}.`;
      if (Object.keys(fields).length > 0) throw badInput(fields);
      if (input.hostId !== null && !findHost(db, input.hostId)) throw notFound("host");
      const placed = inTransaction(db, () => {
        const same = listDeletionHolds(db).find((one) => one.hostId === input.hostId && one.tag === tag);
        if (same) throw new Refusal(409, "already_held", `Deletion is already held for ${holdScopeInWords(same)}.`);
        const id = newId();
        const row = { id, hostId: input.hostId, tag, reason, heldByUserId: actor.userId, heldAt: clock.now() };
        insertDeletionHold(db, row);
        const hold = find(id) as DeletionHold;
        audit(actor, "deletion_hold.placed", hold);
        return hold;
      });
      bus.publish("deletion_holds.changed", {});
      return placed;
    },
    release(actor, id) {
      const released = inTransaction(db, () => {
        const hold = find(id);
        if (!hold) throw notFound("deletion hold");
        deleteDeletionHold(db, id);
        audit(actor, "deletion_hold.released", hold);
        return hold;
      });
      bus.publish("deletion_holds.changed", {});
      return released;
    },
  };
}
