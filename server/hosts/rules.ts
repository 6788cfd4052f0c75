/** Rules for every host: its name and tags, its status, its calendar, its systemd unit. */
import type { Db } from "../../db/open.ts";
import { findHost } from "../../db/queries/hosts.ts";
import type { HostRow } from "../../db/schema/hosts.ts";
import type { HostStatus } from "../../shared/hosts.ts";
import type { JobStatus } from "../../shared/jobs.ts";
import type { RepoStatus } from "../../shared/repos.ts";
import { MINUTE_MS } from "../../shared/time/clock.ts";
import { dayIn } from "../../shared/time/days.ts";
import { type UnitLack, unitLacks } from "../../shared/unit.ts";
import type { Hub } from "../agents/hub.ts";

export const MAX_TAGS = 20;
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const TAG = /^[a-z0-9][a-z0-9._-]{0,31}$/;

export function hostNameProblem(name: string): string | null {
  if (name === "") return "Enter a name for the host, such as web-01.";
  return NAME.test(name)
    ? null
    : "Use at most 63 letters, digits, dots, dashes and underscores. Begin and end with a letter or digit.";
}

/** Lower-cased, without duplicates, sorted. */
export function checkTags(tags: readonly string[]): { ok: true; tags: string[] } | { ok: false; message: string } {
  const clean = [...new Set(tags.map((tag) => tag.trim().toLowerCase()).filter((tag) => tag !== ""))].sort();
  if (clean.length > MAX_TAGS) return { ok: false, message: `Enter at most ${MAX_TAGS} tags.` };
  const bad = clean.find((tag) => !TAG.test(tag));
  if (bad !== undefined)
    return {
      ok: false,
      message: `“${bad.slice(0, 40)}” is not a valid tag. Use letters, digits, dots, dashes and underscores.`,
    };
  return { ok: true, tags: clean };
}

/** How long new settings may be unacknowledged before the host counts as degraded. */
export const DRIFT_TOLERATED_MS = 10 * MINUTE_MS;

export type StatusView = {
  isOnline: boolean;
  driftSince: number | null;
  repos: readonly { status: RepoStatus }[];
  targets: readonly { lastStatus: JobStatus | null }[];
};

/** `degraded` = online, but its last backup failed, its repo is not ready, or it has drifted for over ten minutes. */
export function hostStatus({ isOnline, driftSince, repos, targets }: StatusView, now: number): HostStatus {
  if (!isOnline) return "offline";
  const isDrifting = driftSince !== null && now - driftSince > DRIFT_TOLERATED_MS;
  const hasFailed = targets.some((target) => target.lastStatus === "failed");
  const isNotReady = repos.some((repo) => repo.status !== "ready");
  return isDrifting || hasFailed || isNotReady ? "degraded" : "online";
}

/** The time zone of the host's days and schedules. */
export function zoneOf(host: Pick<HostRow, "timezone" | "timezoneOverride">): string {
  return host.timezoneOverride ?? host.timezone;
}

/** `2026-11-20`, in UTC for a host that no longer exists. */
export function dayOfHost(db: Db, hostId: string, at: number): string {
  const host = findHost(db, hostId);
  return dayIn(host ? zoneOf(host) : "UTC", at);
}

export type HostUnit = { version: number; lacks: UnitLack[] };

/** The agent's systemd unit, if the agent reports it. Known while it is connected. */
export function unitOf(hub: Hub, hostId: string): HostUnit | null {
  const version = hub.find(hostId)?.hello?.unit_version;
  return version === undefined ? null : { version, lacks: unitLacks(version) };
}
