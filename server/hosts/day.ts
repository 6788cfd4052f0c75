/** On which day of a host's own calendar something happens. */
import type { Db } from "../../db/open.ts";
import { findHost } from "../../db/queries/hosts.ts";
import { dayIn, zoneOf } from "../runtime/days.ts";

/** `2026-11-20`; in UTC for a host that is gone. */
export function dayOfHost(db: Db, hostId: string, at: number): string {
  const host = findHost(db, hostId);
  return dayIn(host ? zoneOf(host) : "UTC", at);
}
