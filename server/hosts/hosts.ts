/** What people do with hosts: rename, tag, archive and purge them. Repositories are never touched. */
import type { Db } from "../../db/open.ts";
import { listDeletionHolds } from "../../db/queries/deletion-holds.ts";
import { deleteHost, findHost, findLiveHostByName, revokeAgentToken, updateHost } from "../../db/queries/hosts.ts";
import { listReposMaintainedBy } from "../../db/queries/repos.ts";
import type { HostRow } from "../../db/schema/hosts.ts";
import { inTransaction } from "../../db/transaction.ts";
import { CLOSE } from "../../shared/protocol/version.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { isZone } from "../../shared/time/zone.ts";
import type { Hub } from "../agents/hub.ts";
import { badInput, notFound, Refusal } from "../http/errors.ts";
import { type Actor, writeAudit } from "../runtime/audit.ts";
import type { FactBus } from "../runtime/facts.ts";
import type { Bandwidth } from "./bandwidth.ts";
import { checkTags, hostNameProblem } from "./rules.ts";

export type HostChanges = {
  name?: string | undefined;
  tags?: string[] | undefined;
  timezone_override?: string | null | undefined;
  roaming?: boolean | undefined;
};

export type Hosts = {
  /** @throws Refusal 404, 400 with fields, 409 `name_taken`, 409 `host_archived` */
  change(actor: Actor, hostId: string, changes: HostChanges): HostRow;
  /** Limits in KiB/s for every restic run of the host. null = unlimited. @throws Refusal 404, 409 `host_archived` */
  setBandwidth(actor: Actor, hostId: string, limits: Bandwidth): HostRow;
  /** Resumes schedules after the machine was replaced. @throws Refusal 404, 409 `host_archived`, `not_paused` */
  finishRestore(actor: Actor, hostId: string): void;
  /** Revokes the agent. Jobs, repos, audit and sealed credentials are kept. @throws Refusal 404, 409 */
  archive(actor: Actor, hostId: string): void;
  /** Deletes everything that is left of an archived host. @throws Refusal 404, 409 `not_archived`, `maintains_repos`, 400 `confirm` */
  purge(actor: Actor, hostId: string, confirm: string): void;
};

export type HostDeps = {
  db: Db;
  clock: Clock;
  hub: Hub;
  bus: FactBus;
  /** Due times count in the zone active at the time. */
  accounting: { countDueRuns(hostId: string): void; restart(hostId: string): void };
};

export function createHosts({ db, clock, hub, bus, accounting }: HostDeps): Hosts {
  const get = (hostId: string): HostRow => {
    const host = findHost(db, hostId);
    if (!host) throw notFound("host");
    return host;
  };
  const audit = (actor: Actor, action: string, host: HostRow, payload: Record<string, unknown> = {}) =>
    writeAudit(db, clock.now(), { actor, action, target: { kind: "host", id: host.id, name: host.name }, payload });

  return {
    change(actor, hostId, changes) {
      const host = get(hostId);
      if (host.archivedAt !== null)
        throw new Refusal(409, "host_archived", `${host.name} is archived and cannot be changed.`);
      const wanted = checked(changes);
      if (wanted.name && findLiveHostByName(db, wanted.name, hostId)) {
        const message = `There is already a host named ${wanted.name}.`;
        throw new Refusal(409, "name_taken", message, { name: message });
      }
      const differing = Object.keys(wanted).filter(
        (key) => JSON.stringify(host[key as keyof HostRow]) !== JSON.stringify(wanted[key as keyof HostRow]),
      );
      inTransaction(db, () => {
        accounting.countDueRuns(hostId);
        updateHost(db, hostId, { ...wanted, updatedAt: clock.now() });
        accounting.restart(hostId);
        audit(actor, "host.changed", host, { changed: differing, ...(wanted.name ? { name: wanted.name } : {}) });
      });
      const concernsAgent = differing.includes("timezoneOverride") || differing.includes("roaming");
      bus.publish(concernsAgent ? "state.changed" : "host.changed", { hostId });
      return get(hostId);
    },
    setBandwidth(actor, hostId, { up_kbps: up, down_kbps: down }) {
      const host = get(hostId);
      if (host.archivedAt !== null)
        throw new Refusal(409, "host_archived", `${host.name} is archived and cannot be changed.`);
      inTransaction(db, () => {
        updateHost(db, hostId, { bandwidthUpKbps: up, bandwidthDownKbps: down, updatedAt: clock.now() });
        audit(actor, "host.bandwidth_changed", host, { up_kbps: up, down_kbps: down });
      });
      bus.publish("state.changed", { hostId });
      return get(hostId);
    },
    finishRestore(actor, hostId) {
      const host = get(hostId);
      if (host.archivedAt !== null)
        throw new Refusal(409, "host_archived", `${host.name} is archived and cannot be changed.`);
      if (!host.schedulesPaused)
        throw new Refusal(409, "not_paused", `The schedules of ${host.name} are already running.`);
      inTransaction(db, () => {
        accounting.countDueRuns(hostId);
        updateHost(db, hostId, { schedulesPaused: false, updatedAt: clock.now() });
        accounting.restart(hostId);
        audit(actor, "host.restore_finished", host);
      });
      bus.publish("state.changed", { hostId });
    },
    archive(actor, hostId) {
      const host = get(hostId);
      if (host.archivedAt !== null) throw new Refusal(409, "host_archived", `${host.name} is already archived.`);
      inTransaction(db, () => {
        const now = clock.now();
        if (host.tokenHash)
          revokeAgentToken(db, { tokenHash: host.tokenHash, hostId, reason: "archived", revokedAt: now });
        updateHost(db, hostId, { archivedAt: now, tokenHash: null, backupWhenReady: false, updatedAt: now });
        audit(actor, "host.archived", host);
      });
      turnAway(hub, hostId, "This host was archived on the server. Its schedules are stopped.");
      bus.publish("host.changed", { hostId });
    },
    purge(actor, hostId, confirm) {
      const host = get(hostId);
      if (host.archivedAt === null)
        throw new Refusal(409, "not_archived", `${host.name} is not archived. Archive it before you purge it.`);
      if (confirm !== host.name) throw badInput({ confirm: `Type ${host.name} to confirm.` });
      // The hold would be deleted with its host, and a repository that other hosts share would lose its protection.
      if (listDeletionHolds(db).some((hold) => hold.hostId === hostId))
        throw new Refusal(409, "deletion_held", `Deletion is held for ${host.name}. Release the hold first.`);
      // Purging would remove the maintenance host of these repos, and give the right to delete back to the hosts that are backed up.
      const kept = listReposMaintainedBy(db, hostId);
      if (kept.length > 0) {
        const names = kept.map((repo) => `${repo.name} of ${repo.hostName}`).join(", ");
        const message = `${host.name} is the maintenance host of ${names}. Choose another maintenance host there first.`;
        throw new Refusal(409, "maintains_repos", message, { confirm: message });
      }
      inTransaction(db, () => {
        deleteHost(db, hostId);
        audit(actor, "host.purged", host);
      });
      bus.publish("host.changed", { hostId });
    },
  };
}

/** Tells the agent `revoked` and closes its connection at once. */
export function turnAway(hub: Hub, hostId: string, message: string): void {
  const connection = hub.find(hostId);
  connection?.send("error", { code: "revoked", message });
  connection?.close(CLOSE.unauthorised, "revoked");
}

function checked(changes: HostChanges): Partial<HostRow> {
  const fields: Record<string, string> = {};
  const wanted: Partial<HostRow> = {};
  if (changes.name !== undefined) {
    const problem = hostNameProblem(changes.name.trim());
    if (problem) fields["name"] = problem;
    wanted.name = changes.name.trim();
  }
  if (changes.tags !== undefined) {
    const outcome = checkTags(changes.tags);
    if (outcome.ok) wanted.tags = outcome.tags;
    else fields["tags"] = outcome.message;
  }
  if (changes.timezone_override !== undefined) {
    const zone = changes.timezone_override?.trim() || null;
    if (zone !== null && !isZone(zone))
      fields["timezone_override"] = "Unknown time zone. Enter one such as Europe/Berlin.";
    wanted.timezoneOverride = zone;
  }
  if (changes.roaming !== undefined) wanted.roaming = changes.roaming;
  if (Object.keys(fields).length > 0) throw badInput(fields);
  return wanted;
}
