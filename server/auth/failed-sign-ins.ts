/** Records failed sign-ins in the audit log: the first of a user and address at once, further ones summed up in one entry. */
import type { Db } from "../../db/open.ts";
import type { UserRow } from "../../db/schema/users.ts";
import type { Log } from "../../shared/log.ts";
import { type Clock, MINUTE_MS } from "../../shared/time/clock.ts";
import type { Origin } from "../http/routes.ts";
import { writeAudit } from "../runtime/audit.ts";
import type { Tick } from "../runtime/ticker.ts";

/** How long failures are summed up in one entry. */
const COUNTED_FOR_MS = 15 * MINUTE_MS;
/** Pairs of user and address that are counted separately. All others share one entry. */
const MOST_COUNTED = 100;

export type FailedSignIns = {
  /** @param user null for an unknown name, which is not stored because people sometimes type passwords there */
  note(user: UserRow | null, from: Origin): void;
  /** Writes what has been counted so far. */
  flush(): void;
  ticks: readonly Tick[];
};

type Who = { user: Pick<UserRow, "id" | "username"> | null; ip: string | null };
type Tally = Who & { more: number; startedAt: number };

export function createFailedSignIns({ db, clock, log }: { db: Db; clock: Clock; log: Log }): FailedSignIns {
  const tallies = new Map<string, Tally>();
  let others: Tally | null = null;

  const write = ({ user, ip }: Who, payload: Record<string, unknown>) => {
    const target = user ? { target: { kind: "user", id: user.id, name: user.username } } : {};
    const actor = ip === null ? ({ kind: "system" } as const) : ({ kind: "visitor", ip } as const);
    try {
      writeAudit(db, clock.now(), { actor, action: "user.sign_in_failed", ...target, payload });
    } catch (error) {
      // An audit failure must not decide whether somebody may sign in.
      log.error("a failed sign-in could not be audited", {
        why: error instanceof Error ? error.message : String(error),
      });
    }
  };
  const end = (tally: Tally) => {
    if (tally.more === 0) return;
    const payload = { failures: tally.more, since: new Date(tally.startedAt).toISOString() };
    write(tally, tally === others ? { ...payload, from: "other addresses" } : payload);
  };
  const endSince = (latestStart: number) => {
    for (const [key, tally] of tallies) {
      if (tally.startedAt > latestStart) continue;
      end(tally);
      tallies.delete(key);
    }
    if (others && others.startedAt <= latestStart) {
      end(others);
      others = null;
    }
  };

  return {
    note(user, { ip, network }) {
      const key = `${user?.id ?? ""}\n${network}`;
      const known = tallies.get(key);
      if (known) known.more++;
      else if (tallies.size < MOST_COUNTED) {
        tallies.set(key, { user, ip, more: 0, startedAt: clock.now() });
        write({ user, ip }, { failures: 1 });
      } else {
        others ??= { user: null, ip: null, more: 0, startedAt: clock.now() };
        others.more++;
      }
    },
    flush: () => endSince(Number.POSITIVE_INFINITY),
    ticks: [{ name: "failed sign-ins", everyMs: MINUTE_MS, run: () => endSince(clock.now() - COUNTED_FOR_MS) }],
  };
}
