/** Evaluates days that are over: due runs that did not happen are missed. Late reports cause a new evaluation. */
import type { Db } from "../../db/open.ts";
import { findHost, type HostDays, listHostDays, updateHost } from "../../db/queries/hosts.ts";
import { listLongestSplays } from "../../db/queries/schedules.ts";
import { listSourceGroups } from "../../db/queries/source-groups.ts";
import type { HostRow } from "../../db/schema/hosts.ts";
import { inTransaction } from "../../db/transaction.ts";
import type { Log } from "../../shared/log.ts";
import { type Clock, HOUR_MS, MINUTE_MS } from "../../shared/time/clock.ts";
import { dayIn, daysBefore, spanOfDay } from "../../shared/time/days.ts";
import type { FactBus } from "../runtime/facts.ts";
import { createIsolation } from "../runtime/isolated.ts";
import type { Tick } from "../runtime/ticker.ts";
import { evaluateDay } from "./outcomes.ts";

/** Wait after the last start of a day, because agents may start and report late. */
const GRACE_MS = HOUR_MS;
/** After a restart of the server, agents report first. */
const FIRST_REPORTS_MS = 10 * MINUTE_MS;
/** No night strip shows more days. */
const MOST_DAYS = 40;
/** Midnight comes for a whole fleet at once, so one tick evaluates this many days of groups and leaves the rest to the next. */
const MOST_EVALUATED = 100;

export type DayCloserDeps = { db: Db; clock: Clock; log: Log; bus: FactBus; startedAt: number };

export function createDayCloser({ db, clock, log, bus, startedAt }: DayCloserDeps): Tick {
  const isolation = createIsolation({ task: "evaluate past days", of: "host", clock, log });
  const closeHost = (host: HostDays, until: string): number => {
    let evaluated = 0;
    const { zone } = host;
    const first = dayIn(zone, host.createdAt);
    const oldest = daysBefore(until, MOST_DAYS - 1);
    const next = host.daysClosedUntil === null ? first : daysBefore(host.daysClosedUntil, -1);
    inTransaction(db, () => {
      updateHost(db, host.id, { daysClosedUntil: until });
      const closed = findHost(db, host.id) as HostRow;
      const groups = listSourceGroups(db, host.id);
      for (let day = next; day <= until; day = daysBefore(day, -1)) {
        if (day < oldest) continue;
        const { until: end } = spanOfDay(zone, day);
        for (const group of groups) {
          if (group.createdAt >= end) continue;
          evaluateDay(db, closed, group, day);
          evaluated++;
        }
      }
    });
    bus.publish("host.changed", { hostId: host.id });
    return evaluated;
  };
  const run = () => {
    const now = clock.now();
    if (now - startedAt < FIRST_REPORTS_MS) return;
    const splays = new Map(listLongestSplays(db).map(({ hostId, splayMinutes }) => [hostId, splayMinutes]));
    // Most hosts share one zone, and computing the date takes longer than everything else.
    const known = new Map<string, string>();
    const yesterdayOf = (zone: string, splayMinutes: number): string => {
      const key = `${splayMinutes} ${zone}`;
      const day = known.get(key) ?? daysBefore(dayIn(zone, now - GRACE_MS - splayMinutes * MINUTE_MS), 1);
      known.set(key, day);
      return day;
    };
    let evaluated = 0;
    for (const host of listHostDays(db)) {
      if (evaluated >= MOST_EVALUATED) break;
      isolation.attempt(host.id, () => {
        const yesterday = yesterdayOf(host.zone, splays.get(host.id) ?? 0);
        if (host.daysClosedUntil !== null && host.daysClosedUntil >= yesterday) return;
        if (yesterday >= dayIn(host.zone, host.createdAt)) evaluated += closeHost(host, yesterday);
      });
    }
    isolation.conclude();
  };
  return { name: "days", everyMs: MINUTE_MS, run };
}
