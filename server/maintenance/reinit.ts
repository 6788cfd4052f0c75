/** Creates a new, empty repository after the old one is gone for good, and never where one still exists. */
import type { Db } from "../../db/open.ts";
import { findHost } from "../../db/queries/hosts.ts";
import { findRepo, UNKNOWN_STATUS, updateRepo } from "../../db/queries/repos.ts";
import { inTransaction } from "../../db/transaction.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { deletionHeld, readHold } from "../deletion-holds/read-hold.ts";
import { badInput, notFound, Refusal } from "../http/errors.ts";
import { type Actor, writeAudit } from "../runtime/audit.ts";
import type { FactBus } from "../runtime/facts.ts";

/** `confirm` is the host's name, typed by a person. */
export type ReinitOrder = { confirm: string; backupNow: boolean };

/**
 * Forgets which repository was here, so that the agent creates a new one if it still finds none. With `backupNow`, its
 * groups are backed up as soon as it is ready.
 * @throws Refusal 400 `confirm`, 404, 409 `repository_exists`, `deletion_held`, `host_archived`
 */
export type Reinit = (actor: Actor, repoId: string, order: ReinitOrder) => void;

export function createReinit({ db, clock, bus }: { db: Db; clock: Clock; bus: FactBus }): Reinit {
  return (actor, repoId, { confirm, backupNow }) => {
    const repo = findRepo(db, repoId);
    const host = repo ? findHost(db, repo.hostId) : null;
    if (!repo || !host || repo.removedAt !== null) throw notFound("repo");
    if (host.archivedAt !== null)
      throw new Refusal(409, "host_archived", `${host.name} is archived, so no jobs can run on it.`);
    if (confirm.trim() !== host.name) throw badInput({ confirm: `Type ${host.name} to confirm.` });
    if (repo.status !== "failed" || repo.statusCode !== "repo_missing")
      throw new Refusal(
        409,
        "repository_exists",
        "A new repository is created only if the agent finds none. Move the old one away on the repo server, then probe the repo.",
      );
    const hold = readHold(db, repo);
    if (hold) throw deletionHeld(hold);
    inTransaction(db, () => {
      updateRepo(db, repoId, {
        resticId: null,
        formatVersion: null,
        ...UNKNOWN_STATUS,
        appendOnly: "unknown",
        appendOnlyCheckedAt: null,
        sizeBytes: null,
        restoreSizeBytes: null,
        fileCount: null,
        dedupRatio: null,
        compressionRatio: null,
        measuredAt: null,
        lastForgetAt: null,
        lastForgetStatus: null,
        lastPruneAt: null,
        lastPruneStatus: null,
        lastCheckAt: null,
        lastCheckStatus: null,
        fullyReadSince: null,
        maintenanceSince: clock.now(),
        checkNextPart: 1,
        checkParts: null,
        checkRoundSince: null,
        backupWhenReady: backupNow,
        updatedAt: clock.now(),
      });
      writeAudit(db, clock.now(), {
        actor,
        action: "repo.reinitialised",
        target: { kind: "repo", id: repo.id, name: repo.name },
        payload: { restic_id: repo.resticId, backup_now: backupNow },
      });
    });
    bus.publish("repo.changed", { repoId, hostId: repo.hostId });
  };
}
