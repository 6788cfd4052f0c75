/** Machines without a token: they announce a key, prove that they hold it, and wait until an admin accepts or rejects them. */
import { createPublicKey, verify } from "node:crypto";
import { findLiveHostByName } from "../../db/queries/hosts.ts";
import {
  deleteExpiredPendingHosts,
  deletePendingHost,
  evictPendingHost,
  findPendingHost,
  findPendingHostByKey,
  insertPendingHost,
  listPendingAddresses,
  listPendingHosts,
  updatePendingHost,
} from "../../db/queries/pending-hosts.ts";
import type { PendingHostRow } from "../../db/schema/enrollment.ts";
import { inTransaction } from "../../db/transaction.ts";
import { fingerprintOf } from "../../shared/fingerprint.ts";
import { newId } from "../../shared/ids.ts";
import type { AnnounceAnswer, AnnounceRequest } from "../../shared/protocol/enrollment.ts";
import { announcedText } from "../../shared/protocol/pending.ts";
import { MIN_AGENT_PROTOCOL_VERSION } from "../../shared/protocol/version.ts";
import { HOUR_MS, MINUTE_MS } from "../../shared/time/clock.ts";
import { notFound, Refusal } from "../http/errors.ts";
import { createRateLimit } from "../http/rate-limit.ts";
import type { Generated } from "../repos/new-repo.ts";
import { networkOf } from "../runtime/addresses.ts";
import { type Actor, writeAudit } from "../runtime/audit.ts";
import type { FactBus } from "../runtime/facts.ts";
import type { Tick } from "../runtime/ticker.ts";
import { type CreateHostDeps, checkAgentToken, createHost, type NewcomerInput, readNewcomer } from "./newcomer.ts";

export const PENDING_LIFETIME_MS = HOUR_MS;
const ANNOUNCEMENTS_PER_MINUTE = 10;
const MAX_PENDING_PER_ADDRESS = 5;
const MAX_PENDING = 100;
const MOST_ENDS = 1_000;

/** A pending machine, and whether its name belongs to another host or another pending machine. */
export type PendingHost = PendingHostRow & { isNameTaken: boolean; isNameShared: boolean };

export type Proof = { agent_token_hash: string; signature: string };

/** `evicted`: it made room for others. `expired` also when the server does not know the machine, as after a restart. */
export type PendingEnd = "rejected" | "evicted" | "expired";

export type Announcements = {
  /** Announcing the same key again refreshes it. @throws Refusal 422 `protocol_too_old`, 429 */
  announce(request: AnnounceRequest, ip: string): AnnounceAnswer;
  /** @returns the row when the signature was made with the announced key; null for an unknown machine. @throws Refusal 409 `agent_token_taken` */
  prove(pendingId: string, nonce: string, proof: Proof): PendingHostRow | null;
  /** Machines that a person can accept or reject, oldest first. */
  list(): PendingHost[];
  /** @throws Refusal 404 */
  get(pendingId: string): PendingHost;
  /** @throws Refusal 404, 400 with fields, 409 `name_taken` */
  accept(actor: Actor, pendingId: string, input: NewcomerInput): Promise<{ hostId: string; generated: Generated }>;
  /** @throws Refusal 404 */
  reject(actor: Actor, pendingId: string): void;
  /** Why a machine is no longer pending. */
  endOf(pendingId: string): PendingEnd;
  forgetExpired(): void;
  ticks: readonly Tick[];
};

export type AnnouncementDeps = CreateHostDeps & { bus: FactBus };

export function createAnnouncements(deps: AnnouncementDeps): Announcements {
  const { db, clock, bus } = deps;
  const limit = createRateLimit({ limit: ANNOUNCEMENTS_PER_MINUTE, windowMs: MINUTE_MS, clock });

  const flagged = <T extends Pick<PendingHostRow, "id" | "hostName">>(row: T, all: readonly PendingHostRow[]) => ({
    ...row,
    isNameTaken: findLiveHostByName(db, row.hostName) !== null,
    isNameShared: all.some(
      (other) => other.id !== row.id && other.hostName.toLowerCase() === row.hostName.toLowerCase(),
    ),
  });
  const list = () => {
    const rows = listPendingHosts(db, clock.now());
    return rows.map((row) => flagged(row, rows));
  };
  const get = (pendingId: string): PendingHost => {
    const row = list().find(({ id }) => id === pendingId);
    if (!row) throw notFound("pending machine");
    return row;
  };

  /** Results for machines that ask later. The oldest is dropped first. */
  const ends = new Map<string, PendingEnd>();
  const endWith = (pendingId: string, end: PendingEnd) => {
    const [oldest] = ends.size >= MOST_ENDS ? ends.keys() : [];
    if (oldest !== undefined) ends.delete(oldest);
    ends.set(pendingId, end);
    bus.publish("pending.changed", { pendingId });
  };

  const forgetExpired = () => deleteExpiredPendingHosts(db, clock.now());

  return {
    announce(request, ip) {
      if (request.protocol_version < MIN_AGENT_PROTOCOL_VERSION)
        throw new Refusal(422, "protocol_too_old", "This agent is too old for the server. Run the installer again.");
      const network = networkOf(ip);
      const wait = limit.hit(network);
      if (wait !== null) throw tooMany("Too many machines have announced themselves from this address.", wait);
      const now = clock.now();
      let evicted: string | null = null;
      const pendingId = inTransaction(db, () => {
        const before = findPendingHostByKey(db, request.public_key);
        const isFresh = before !== null && before.expiresAt > now;
        if (before && !isFresh) deletePendingHost(db, before.id);
        const waiting = isFresh ? [] : listPendingAddresses(db, now);
        if (waiting.filter((one) => networkOf(one) === network).length >= MAX_PENDING_PER_ADDRESS)
          throw tooMany("Five machines from this address are already pending. Accept or reject them first.", 60);
        if (waiting.length >= MAX_PENDING) evicted = evictPendingHost(db);
        const values = { ...columnsOf(request), announcedFromIp: ip, lastSeenAt: now };
        if (before && isFresh) {
          updatePendingHost(db, before.id, values);
          return before.id;
        }
        const id = newId();
        const expiresAt = now + PENDING_LIFETIME_MS;
        insertPendingHost(db, { id, ...values, expiresAt, createdAt: now });
        writeAudit(db, now, {
          actor: { kind: "agent", hostId: id, ip },
          action: "pending_host.announced",
          target: { kind: "pending_host", id, name: request.hostname },
          payload: { fingerprint: values.fingerprint },
        });
        return id;
      });
      if (evicted !== null) endWith(evicted, "evicted");
      const { isNameTaken, isNameShared } = flagged(
        { id: pendingId, hostName: request.hostname },
        listPendingHosts(db, now),
      );
      return {
        pending_id: pendingId,
        fingerprint: fingerprintOf(request.public_key),
        hostname_collision: isNameTaken || isNameShared,
      };
    },
    prove(pendingId, nonce, { agent_token_hash, signature }) {
      const row = findPendingHost(db, pendingId);
      if (!row || row.expiresAt <= clock.now()) return null;
      const text = Buffer.from(announcedText(pendingId, nonce, agent_token_hash), "utf8");
      if (!verify(null, text, keyOf(row.publicKey), Buffer.from(signature, "base64url"))) return null;
      checkAgentToken(db, agent_token_hash, row.enrolledHostId);
      // An accepted machine keeps the token that was accepted, because the admin agreed to that one.
      if (row.enrolledHostId === null)
        updatePendingHost(db, row.id, { agentTokenHash: agent_token_hash, lastSeenAt: clock.now() });
      else if (row.agentTokenHash !== agent_token_hash) return null;
      bus.publish("pending.changed", { pendingId });
      return findPendingHost(db, pendingId);
    },
    list,
    get,
    async accept(actor, pendingId, input) {
      const { os } = get(pendingId);
      const { newcomer, generated } = await readNewcomer(input, { os });
      const hostId = inTransaction(db, () => {
        const row = get(pendingId);
        const id = createHost(deps, newcomer, machineOfRow(row), row.announcedFromIp);
        // Gives a machine that is offline right now time to come back for its answer.
        updatePendingHost(db, pendingId, { enrolledHostId: id, expiresAt: clock.now() + PENDING_LIFETIME_MS });
        writeAudit(db, clock.now(), {
          actor,
          action: "pending_host.accepted",
          target: { kind: "host", id, name: newcomer.hostName },
          payload: { fingerprint: row.fingerprint, hostname: row.hostName, ip: row.announcedFromIp },
        });
        return id;
      });
      bus.publish("host.changed", { hostId });
      bus.publish("pending.changed", { pendingId });
      return { hostId, generated };
    },
    reject(actor, pendingId) {
      const row = get(pendingId);
      inTransaction(db, () => {
        deletePendingHost(db, pendingId);
        writeAudit(db, clock.now(), {
          actor,
          action: "pending_host.rejected",
          target: { kind: "pending_host", id: pendingId, name: row.hostName },
          payload: { fingerprint: row.fingerprint, ip: row.announcedFromIp },
        });
      });
      endWith(pendingId, "rejected");
    },
    endOf: (pendingId) => ends.get(pendingId) ?? "expired",
    forgetExpired,
    ticks: [{ name: "pending hosts", everyMs: MINUTE_MS, run: forgetExpired }],
  };
}

function keyOf(publicKey: string) {
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: publicKey }, format: "jwk" });
}

function columnsOf(request: AnnounceRequest) {
  return {
    publicKey: request.public_key,
    fingerprint: fingerprintOf(request.public_key),
    hostName: request.hostname,
    machineId: request.machine_id,
    os: request.os,
    arch: request.arch,
    timezone: request.timezone,
    agentVersion: request.agent_version,
    resticVersion: request.restic_version,
    protocolVersion: request.protocol_version,
    roamingHint: request.roaming_hint,
  };
}

function machineOfRow(row: PendingHostRow) {
  return {
    agent_token_hash: row.agentTokenHash as string,
    hostname: row.hostName,
    machine_id: row.machineId,
    os: row.os,
    arch: row.arch,
    timezone: row.timezone,
    agent_version: row.agentVersion,
    restic_version: row.resticVersion,
    protocol_version: row.protocolVersion,
    roaming_hint: row.roamingHint,
  };
}

function tooMany(message: string, seconds: number): Refusal {
  return new Refusal(429, "too_many_attempts", message, {}, seconds);
}
