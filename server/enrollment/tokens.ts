/** One-time tokens: a host's name, its first paths and tags, and what opens its repository ride on them, sealed. */
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
import { type Clock, DAY_MS, HOUR_MS, MINUTE_MS } from "../../shared/clock.ts";
import { newId } from "../../shared/ids.ts";
import type { Credential } from "../../shared/protocol/fields.ts";
import { type RepoKind, repoKindOf } from "../../shared/repos.ts";
import { hashToken, newToken } from "../auth/tokens.ts";
import { checkTags, hostNameProblem } from "../hosts/fields.ts";
import { badInput, notFound, Refusal } from "../http/errors.ts";
import { parseRepoInput, type RepoInput, toCredential } from "../repos/address.ts";
import { type Actor, writeAudit } from "../runtime/audit.ts";
import type { Sealer } from "../runtime/seal.ts";
import { htpasswdLine, makePassword } from "./secrets.ts";

export const TOKEN_LIFETIME_MS = HOUR_MS;
export const MAX_TOKEN_LIFETIME_MS = 7 * DAY_MS;

export type TokenInput = {
  host_name: string;
  tags: readonly string[];
  includes: readonly string[];
  backup_now: boolean;
  repo: RepoInput;
  expires_in_s?: number | undefined;
};

/** Shown once. */
export type Generated = { http_password?: string; htpasswd_line?: string; repo_password?: string };
export type NewToken = { row: EnrollmentTokenRow; token: string; generated: Generated };

/** What rides on a token, sealed. */
export type Cargo = { kind: RepoKind; credential: Credential };

export type EnrollmentTokens = {
  /** @throws Refusal 400 with fields, 409 `name_taken` */
  create(actor: Actor, input: TokenInput): Promise<NewToken>;
  /** A fresh token and time for the same machine-to-be; the old token is worthless at once. @throws Refusal 404, 410 */
  regenerate(actor: Actor, id: string): { row: EnrollmentTokenRow; token: string };
  /** @throws Refusal 404, 410 */
  revoke(actor: Actor, id: string): void;
  /** For new hardware or a lost state of a host that exists. @throws Refusal 404, 409 */
  createForHost(actor: Actor, hostId: string, replaces: boolean): { row: EnrollmentTokenRow; token: string };
  listOutstanding(): OutstandingToken[];
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
    if (row.consumedAt !== null) throw new Refusal(410, "token_used", `${row.hostName} has used this token already.`);
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
      const { fields, tags, lifetimeMs } = checkInput(input);
      const hostName = input.host_name.trim();
      const parsed = parseRepoInput(input.repo, hostName);
      const errors = parsed.ok ? fields : { ...fields, ...prefixed(parsed.fields) };
      if (Object.keys(errors).length > 0 || !parsed.ok) throw badInput(errors);
      const generated: Generated = {};
      const { address } = parsed;
      if (address.kind === "rest" && address.httpPassword === null) {
        address.httpPassword = generated.http_password = makePassword();
        generated.htpasswd_line = await htpasswdLine(address.httpUsername ?? "", address.httpPassword);
      }
      const repoPassword = address.repoPassword ?? makePassword();
      if (address.repoPassword === null) generated.repo_password = repoPassword;
      const cargo: Cargo = { kind: address.kind, credential: toCredential({ ...address, repoPassword }) };
      const token = newToken("rm_enr_");
      const row = inTransaction(db, () => {
        if (findLiveHostByName(db, hostName)) throw nameTaken(hostName);
        const id = newId();
        const made = insert(id, token, {
          hostName,
          sealed: sealer.seal(place(id), JSON.stringify(cargo)),
          repoUrl: cargo.credential.url,
          includes: input.includes.map((path) => path.trim()).filter(Boolean),
          tags,
          backupNow: input.backup_now,
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
        throw new Refusal(409, "host_archived", `${host.name} is archived; it cannot enrol again.`);
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
    openCargo: (row) => (row.sealed === null ? null : (JSON.parse(sealer.unseal(place(row.id), row.sealed)) as Cargo)),
  };
}

function checkInput(input: TokenInput): { fields: Record<string, string>; tags: string[]; lifetimeMs: number } {
  const fields: Record<string, string> = {};
  const nameProblem = hostNameProblem(input.host_name.trim());
  if (nameProblem) fields["host_name"] = nameProblem;
  const tags = checkTags(input.tags);
  if (!tags.ok) fields["tags"] = tags.message;
  const bad = input.includes.find((path) => path.trim() !== "" && !/^(\/|[A-Za-z]:[\\/]|\\\\)/.test(path.trim()));
  if (bad !== undefined)
    fields["includes"] = `“${bad.slice(0, 80)}” is not an absolute path, such as /home or C:\\Users.`;
  const lifetimeMs = input.expires_in_s === undefined ? TOKEN_LIFETIME_MS : input.expires_in_s * 1000;
  if (lifetimeMs < MINUTE_MS || lifetimeMs > MAX_TOKEN_LIFETIME_MS)
    fields["expires_in_s"] = "From one minute to seven days.";
  if (
    input.repo.kind &&
    input.repo.kind !== "rest" &&
    input.repo.url &&
    repoKindOf(input.repo.url) !== input.repo.kind &&
    input.repo.kind !== "other"
  ) {
    fields["repo.url"] = `This is not an address of the kind ${input.repo.kind}.`;
  }
  return { fields, tags: tags.ok ? tags.tags : [], lifetimeMs };
}

function prefixed(fields: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, text]) => [`repo.${name}`, text]));
}

export function nameTaken(name: string): Refusal {
  const message = `There is a host named ${name} already.`;
  return new Refusal(409, "name_taken", message, { host_name: message });
}
