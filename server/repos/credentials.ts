/** Repo credentials, sealed at rest. A new one takes over only after it has opened the repo. */
import type { Db } from "../../db/open.ts";
import {
  deleteCredential,
  findCredential,
  findRepo,
  insertCredential,
  UNKNOWN_STATUS,
  updateCredential,
  updateRepo,
} from "../../db/queries/repos.ts";
import type { CredentialRow, CredentialSlot, RepoRow } from "../../db/schema/repos.ts";
import { inTransaction } from "../../db/transaction.ts";
import { newId } from "../../shared/ids.ts";
import type { Credential } from "../../shared/protocol/fields.ts";
import { type Redactor, secretValues } from "../../shared/redact.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { badInput, notFound, Refusal } from "../http/errors.ts";
import { type Actor, writeAudit } from "../runtime/audit.ts";
import type { FactBus } from "../runtime/facts.ts";
import type { Sealer } from "../runtime/seal.ts";
import { credentialOwner } from "../runtime/seal-form.ts";
import { parseRepoInput, type RepoInput, toCredential } from "./address.ts";
import { readNextTrial } from "./next-probe.ts";

export type RedactedCredential = {
  slot: CredentialSlot;
  /** The stored credential cannot be decrypted, so only the repo's address is known. */
  unreadable: boolean;
  url: string;
  http_username: string | null;
  has_http_password: boolean;
  has_repo_password: boolean;
  env_names: string[];
  rotated_at: number;
  /** A new credential waits until it has opened the repo. */
  on_trial: boolean;
  trial_error: string | null;
  /** When a failed trial is repeated because the reason may be temporary, Unix ms. */
  trial_again_at: number | null;
  /** For the admin credential: when it last deleted something successfully. */
  proved_at: number | null;
};

/** Empty and missing fields keep the stored value. */
export type CredentialChange = { [K in Exclude<keyof RepoInput, "kind">]?: RepoInput[K] | undefined };

export type Credentials = {
  create(repoId: string, slot: CredentialSlot, credential: Credential): void;
  /** The credential that the host uses: the previous one while a new one is on trial. @throws Refusal 409 `credential_unreadable` */
  inUse(repoId: string, slot: CredentialSlot): Credential | null;
  /** Whether the credential in use can be decrypted, if there is one. */
  isReadable(repoId: string, slot: CredentialSlot): boolean;
  /** The newest credential, proven or not. @throws Refusal 409 `credential_unreadable` */
  newest(repoId: string, slot: CredentialSlot): Credential | null;
  redacted(repoId: string, slot: CredentialSlot): RedactedCredential | null;
  /** Omitted fields keep their value. If the repo was ever opened, the new credential goes on trial first. @throws Refusal 404, 400 with fields */
  change(actor: Actor, repoId: string, slot: "everyday", input: CredentialChange): void;
  /** Omitted fields come from the current admin credential, or else from the everyday one. Using it proves it. @throws Refusal 404, 400 with fields */
  setAdmin(actor: Actor, repoId: string, input: CredentialChange): void;
  /** @throws Refusal 404 */
  removeAdmin(actor: Actor, repoId: string): void;
  /**
   * Applies the end of a trial: the tried credential takes over, or is kept with the reason why it failed.
   * @param triedAt when the tried credential was saved
   * @returns false when a newer credential exists: nothing is changed
   */
  applyTrialResult(repoId: string, slot: CredentialSlot, triedAt: number | null, outcome: TrialOutcome): boolean;
};

export type TrialOutcome = { works: true } | { works: false; error: string };

export type CredentialDeps = { db: Db; clock: Clock; sealer: Sealer; redactor: Redactor; bus: FactBus };

export function createCredentials({ db, clock, sealer, redactor, bus }: CredentialDeps): Credentials {
  const place = (row: Named, column: "sealed" | "previous_sealed") => ({
    table: "credentials",
    column,
    id: row.id,
    owner: credentialOwner(row),
  });
  const unsealed = (row: CredentialRow, column: "sealed" | "previous_sealed", blob: string): string => {
    try {
      return sealer.unseal(place(row, column), blob);
    } catch {
      throw unreadable();
    }
  };
  /** @throws Refusal 409 `credential_unreadable` */
  const open = (row: CredentialRow, column: "sealed" | "previous_sealed"): Credential | null => {
    const blob = column === "sealed" ? row.sealed : row.previousSealed;
    if (blob === null) return null;
    const credential = JSON.parse(unsealed(row, column, blob)) as Credential;
    redactor.add(credential.http_password, credential.repo_password, ...secretValues(credential.env));
    return credential;
  };
  /** null also when it cannot be decrypted. */
  const openIfReadable = (row: CredentialRow, column: "sealed" | "previous_sealed"): Credential | null => {
    try {
      return open(row, column);
    } catch (error) {
      if (error instanceof Refusal) return null;
      throw error;
    }
  };
  const seal = (row: Named, column: "sealed" | "previous_sealed", credential: Credential) =>
    sealer.seal(place(row, column), JSON.stringify(credential));

  const change: Credentials["change"] = (actor, repoId, slot, input) => {
    const repo = findRepo(db, repoId);
    const row = findCredential(db, repoId, slot);
    if (!repo || !row) throw notFound("repo");
    const stored = openIfReadable(row, "sealed");
    const before = stored ?? blankOf(repo, input);
    const after = merge(repo, before, input);
    const working = openIfReadable(row, "previous_sealed") ?? stored;
    // The credential that opened the repository may hold the only copy of its password, so it stays until another one has opened it.
    const wasOpened = repo.resticId !== null;
    const needsTrial = wasOpened && working !== null && JSON.stringify(after) !== JSON.stringify(working);
    inTransaction(db, () => {
      updateCredential(db, row.id, {
        sealed: seal(row, "sealed", after),
        previousSealed: needsTrial ? seal(row, "previous_sealed", working) : null,
        trialError: null,
        rotatedAt: rotationTime(row, clock),
      });
      const use = wasOpened && working !== null ? {} : { ...UNKNOWN_STATUS, url: after.url };
      updateRepo(db, repoId, { ...use, updatedAt: clock.now() });
      writeAudit(db, clock.now(), {
        actor,
        action: "credential.changed",
        target: { kind: "repo", id: repo.id, name: repo.name },
        payload: { slot, changed: changedNames(before, after) },
      });
    });
    bus.publish("state.changed", { hostId: repo.hostId });
    bus.publish("repo.changed", { repoId, hostId: repo.hostId });
  };

  const create: Credentials["create"] = (repoId, slot, credential) => {
    const now = clock.now();
    const id = newId();
    redactor.add(credential.http_password, credential.repo_password, ...secretValues(credential.env));
    const sealed = seal({ id, repoId, slot }, "sealed", credential);
    insertCredential(db, { id, repoId, slot, sealed, rotatedAt: now, createdAt: now });
  };

  const setAdmin: Credentials["setAdmin"] = (actor, repoId, input) => {
    const repo = findRepo(db, repoId);
    const everydayRow = findCredential(db, repoId, "everyday");
    if (!repo || !everydayRow || repo.removedAt !== null) throw notFound("repo");
    const everyday = open(everydayRow, "sealed") as Credential;
    const row = findCredential(db, repoId, "admin");
    const before = row ? openIfReadable(row, "sealed") : null;
    const after = merge(repo, before ?? everyday, input);
    if (JSON.stringify(after) === JSON.stringify(everyday))
      throw badInput({
        url: "This is the everyday credential. An admin credential needs a different address, user or keys.",
      });
    const now = clock.now();
    inTransaction(db, () => {
      if (row) {
        const sealed = seal(row, "sealed", after);
        updateCredential(db, row.id, { sealed, trialError: null, provedAt: null, rotatedAt: rotationTime(row, clock) });
      } else create(repoId, "admin", after);
      writeAudit(db, now, {
        actor,
        action: "credential.changed",
        target: { kind: "repo", id: repo.id, name: repo.name },
        payload: { slot: "admin", changed: changedNames(before ?? everyday, after) },
      });
    });
    redactor.add(after.http_password, after.repo_password, ...secretValues(after.env));
    bus.publish("repo.changed", { repoId, hostId: repo.hostId });
  };

  const removeAdmin: Credentials["removeAdmin"] = (actor, repoId) => {
    const repo = findRepo(db, repoId);
    const row = findCredential(db, repoId, "admin");
    if (!repo || !row) throw notFound("admin credential");
    inTransaction(db, () => {
      deleteCredential(db, row.id);
      writeAudit(db, clock.now(), {
        actor,
        action: "credential.removed",
        target: { kind: "repo", id: repo.id, name: repo.name },
        payload: { slot: "admin" },
      });
    });
    bus.publish("repo.changed", { repoId, hostId: repo.hostId });
  };

  return {
    create,
    setAdmin,
    removeAdmin,
    inUse(repoId, slot) {
      const row = findCredential(db, repoId, slot);
      return row ? (open(row, "previous_sealed") ?? open(row, "sealed")) : null;
    },
    newest(repoId, slot) {
      const row = findCredential(db, repoId, slot);
      return row ? open(row, "sealed") : null;
    },
    redacted(repoId, slot) {
      const row = findCredential(db, repoId, slot);
      if (!row) return null;
      const credential = openIfReadable(row, "sealed");
      return {
        slot,
        unreadable: credential === null,
        url: credential?.url ?? findRepo(db, repoId)?.url ?? "",
        http_username: credential?.http_username ?? null,
        has_http_password: credential !== null && credential.http_password !== null,
        has_repo_password: credential !== null,
        env_names: Object.keys(credential?.env ?? {}),
        rotated_at: row.rotatedAt,
        on_trial: row.previousSealed !== null,
        trial_error: row.trialError,
        trial_again_at: readNextTrial(db, row),
        proved_at: row.provedAt,
      };
    },
    change,
    isReadable(repoId, slot) {
      const row = findCredential(db, repoId, slot);
      return row === null || openIfReadable(row, row.previousSealed === null ? "sealed" : "previous_sealed") !== null;
    },
    applyTrialResult(repoId, slot, triedAt, outcome) {
      const row = findCredential(db, repoId, slot);
      const repo = findRepo(db, repoId);
      if (!row || !repo || row.previousSealed === null || row.rotatedAt !== triedAt) return false;
      if (!outcome.works) {
        updateCredential(db, row.id, { trialError: outcome.error });
        return true;
      }
      const proven = open(row, "sealed") as Credential;
      inTransaction(db, () => {
        updateCredential(db, row.id, { previousSealed: null, trialError: null });
        // A repo that could not be opened with the old credential is probed again with the new one.
        const status = repo.status === "ready" ? {} : UNKNOWN_STATUS;
        updateRepo(db, repoId, { ...status, url: proven.url, updatedAt: clock.now() });
      });
      return true;
    },
  };
}

type Named = Pick<CredentialRow, "id" | "repoId" | "slot">;

function unreadable(): Refusal {
  const message =
    "The stored credential of this repository cannot be decrypted: it was damaged or moved in the database. Enter it again on the repo's page, with the restic password.";
  return new Refusal(409, "credential_unreadable", message);
}

/** What remains of a credential that cannot be decrypted. The rest must be entered again. */
function blankOf(repo: RepoRow, input: CredentialChange): Credential {
  if (!input.repo_password)
    throw badInput({
      repo_password: "The stored credential cannot be decrypted. Enter all its fields again, with the restic password.",
    });
  return { url: repo.url, http_username: null, http_password: null, repo_password: "", env: {} };
}

/** Identifies one version of a credential: later than the previous one, even within the same millisecond. */
function rotationTime(row: Pick<CredentialRow, "rotatedAt">, clock: Clock): number {
  return Math.max(clock.now(), row.rotatedAt + 1);
}

function merge(repo: RepoRow, before: Credential, input: CredentialChange): Credential {
  const url = input.url?.trim() || before.url;
  const outcome = parseRepoInput(
    {
      kind: repo.kind,
      url,
      own_folder: input.own_folder,
      http_username: input.http_username ?? before.http_username ?? undefined,
      http_password: input.http_password || before.http_password || undefined,
      repo_password: input.repo_password || before.repo_password,
      env: input.env ?? before.env,
    },
    before.http_username ?? "restic",
    { isInUse: url === before.url },
  );
  if (!outcome.ok) throw badInput(outcome.fields);
  return toCredential({ ...outcome.address, repoPassword: outcome.address.repoPassword ?? before.repo_password });
}

function changedNames(before: Credential, after: Credential): string[] {
  const names = ["url", "http_username", "http_password", "repo_password", "env"] as const;
  return names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}
