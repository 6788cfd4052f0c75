/** One-time enrolment tokens. Each carries, sealed, the host's name, first paths and tags, and its repository credential. */
import type { Db } from "../../db/open.ts";
import {
  findEnrollmentToken,
  insertEnrollmentToken,
  listOutstandingTokens,
  type OutstandingToken,
  updateEnrollmentToken,
} from "../../db/queries/enrollment.ts";
import { findHost, findLiveHostByName } from "../../db/queries/hosts.ts";
import type { EnrollmentTokenRow } from "../../db/schema/enrollment.ts";
import { inTransaction } from "../../db/transaction.ts";
import { newId } from "../../shared/ids.ts";
import { installCommand, shellQuote } from "../../shared/install-command.ts";
import { type Clock, DAY_MS, HOUR_MS, MINUTE_MS } from "../../shared/time/clock.ts";
import { hashToken, newToken } from "../auth/identity.ts";
import { notFound, Refusal } from "../http/errors.ts";
import type { Cargo, Generated } from "../repos/new-repo.ts";
import { type Actor, writeAudit } from "../runtime/audit.ts";
import type { Sealer } from "../runtime/seal.ts";
import { type NewcomerInput, nameTaken, readNewcomer } from "./newcomer.ts";

const TOKEN_LIFETIME_MS = HOUR_MS;
const MAX_TOKEN_LIFETIME_MS = 7 * DAY_MS;

export type TokenInput = NewcomerInput & { expires_in_s?: number | undefined };
export type NewToken = { row: EnrollmentTokenRow; token: string; generated: Generated };

export type EnrollmentTokens = {
  /** @throws Refusal 400 with fields, 409 `name_taken` */
  create(actor: Actor, input: TokenInput): Promise<NewToken>;
  /** A new token with a new expiry for the same host. The old token becomes invalid at once. @throws Refusal 404, 410 */
  regenerate(actor: Actor, id: string): { row: EnrollmentTokenRow; token: string };
  /** @throws Refusal 404, 410 */
  revoke(actor: Actor, id: string): void;
  /** For new hardware or lost agent state of an existing host. @throws Refusal 404, 409 */
  createForHost(actor: Actor, hostId: string, replaces: boolean): { row: EnrollmentTokenRow; token: string };
  listOutstanding(): OutstandingToken[];
  /** @throws Refusal 410 `token_unreadable` */
  openCargo(row: EnrollmentTokenRow): Cargo | null;
};

export function createEnrollmentTokens({
  db,
  clock,
  sealer,
}: {
  db: Db;
  clock: Clock;
  sealer: Sealer;
}): EnrollmentTokens {
  const place = (id: string) => ({ table: "enrollment_tokens", column: "sealed", id });
  const audit = (actor: Actor, action: string, row: EnrollmentTokenRow, payload: Record<string, unknown> = {}) =>
    writeAudit(db, clock.now(), {
      actor,
      action,
      target: { kind: "enrollment_token", id: row.id, name: row.hostName },
      payload,
    });
  const get = (id: string): EnrollmentTokenRow => {
    const row = findEnrollmentToken(db, id);
    if (!row) throw notFound("enrolment token");
    if (row.consumedAt !== null) throw new Refusal(410, "token_used", `${row.hostName} has already used this token.`);
    if (row.revokedAt !== null) throw new Refusal(410, "token_revoked", "This token was revoked.");
    return row;
  };

  const insert = (
    id: string,
    token: string,
    values: Partial<EnrollmentTokenRow> & Pick<EnrollmentTokenRow, "hostName" | "lifetimeMs">,
  ) => {
    const now = clock.now();
    insertEnrollmentToken(db, {
      id,
      tokenHash: hashToken(token),
      includes: [],
      tags: [],
      backupNow: false,
      ...values,
      expiresAt: now + values.lifetimeMs,
      createdAt: now,
    });
    return findEnrollmentToken(db, id) as EnrollmentTokenRow;
  };

  return {
    async create(actor, input) {
      const lifetimeMs = input.expires_in_s === undefined ? TOKEN_LIFETIME_MS : input.expires_in_s * 1000;
      const isOutside = lifetimeMs < MINUTE_MS || lifetimeMs > MAX_TOKEN_LIFETIME_MS;
      const extra: Record<string, string> = isOutside ? { expires_in_s: "Choose from one minute to seven days." } : {};
      const { newcomer, generated } = await readNewcomer(input, { extra });
      const { hostName, cargo, includes, tags, backupNow } = newcomer;
      const token = newToken("rm_enr_");
      const row = inTransaction(db, () => {
        if (findLiveHostByName(db, hostName)) throw nameTaken(hostName);
        const id = newId();
        const made = insert(id, token, {
          hostName,
          sealed: sealer.seal(place(id), JSON.stringify(cargo)),
          repoUrl: cargo.credential.url,
          includes,
          tags,
          backupNow,
          lifetimeMs,
          createdBy: actor.kind === "user" ? actor.userId : null,
        });
        audit(actor, "enrollment_token.created", made, { repo_kind: cargo.kind });
        return made;
      });
      return { row, token, generated };
    },
    regenerate(actor, id) {
      const before = get(id);
      const token = newToken("rm_enr_");
      inTransaction(db, () => {
        updateEnrollmentToken(db, id, { tokenHash: hashToken(token), expiresAt: clock.now() + before.lifetimeMs });
        audit(actor, "enrollment_token.regenerated", before);
      });
      return { row: get(id), token };
    },
    revoke(actor, id) {
      const row = get(id);
      inTransaction(db, () => {
        updateEnrollmentToken(db, id, { revokedAt: clock.now(), sealed: null });
        audit(actor, "enrollment_token.revoked", row);
      });
    },
    createForHost(actor, hostId, replaces) {
      const host = findHost(db, hostId);
      if (!host) throw notFound("host");
      if (host.archivedAt !== null)
        throw new Refusal(409, "host_archived", `${host.name} is archived and cannot enrol again.`);
      const token = newToken("rm_enr_");
      const row = inTransaction(db, () => {
        const createdBy = actor.kind === "user" ? actor.userId : null;
        const made = insert(newId(), token, {
          hostName: host.name,
          hostId,
          replaces,
          lifetimeMs: TOKEN_LIFETIME_MS,
          createdBy,
        });
        audit(actor, "enrollment_token.created", made, { for_host: hostId, replaces });
        return made;
      });
      return { row, token };
    },
    listOutstanding: () => listOutstandingTokens(db, clock.now()),
    openCargo(row) {
      if (row.sealed === null) return null;
      try {
        return JSON.parse(sealer.unseal(place(row.id), row.sealed)) as Cargo;
      } catch {
        const message =
          "The credential stored with this enrolment token cannot be decrypted: it was damaged in the server's database. Revoke the token and create a new one.";
        throw new Refusal(410, "token_unreadable", message);
      }
    },
  };
}

/** Windows machines have no installer yet. */
export type InstallCommands = { linux: string; windows: null };

/**
 * @param origin `https://backup.example`, already checked against a strict pattern
 * @param pin of the server's self-signed certificate, whose key the machine then trusts
 * @param isAgain the machine is already enrolled, so its installer must be told to use the token
 */
export function installCommands(
  origin: string,
  token: string,
  { pin, isAgain = false }: { pin: string | null; isAgain?: boolean },
): InstallCommands {
  const environment = `RM_TOKEN=${shellQuote(token)}`;
  const trust = { pin: origin.startsWith("https:") ? pin : null, caFile: null };
  return {
    linux: installCommand(origin, { environment, flags: isAgain ? ["--re-enroll"] : [] }, trust),
    windows: null,
  };
}
