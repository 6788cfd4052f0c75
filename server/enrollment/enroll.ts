/** Turns a machine with a valid token into a host, with its repo, credential and first source group, in one transaction. */
import { createHash } from "node:crypto";
import type { Db } from "../../db/open.ts";
import { consumeEnrollmentToken, findEnrollmentTokenByHash } from "../../db/queries/enrollment.ts";
import { findHost, revokeAgentToken, updateHost } from "../../db/queries/hosts.ts";
import type { EnrollmentTokenRow } from "../../db/schema/enrollment.ts";
import { inTransaction } from "../../db/transaction.ts";
import type { EnrollAnswer, EnrollRequest } from "../../shared/protocol/enrollment.ts";
import { MIN_AGENT_PROTOCOL_VERSION } from "../../shared/protocol/version.ts";
import type { Hub } from "../agents/hub.ts";
import { hashToken } from "../auth/identity.ts";
import { turnAway } from "../hosts/hosts.ts";
import { Refusal } from "../http/errors.ts";
import { writeAudit } from "../runtime/audit.ts";
import type { FactBus } from "../runtime/facts.ts";
import { type CreateHostDeps, checkAgentToken, createHost, machineOf } from "./newcomer.ts";
import type { EnrollmentTokens } from "./tokens.ts";

export type Enroll = (
  request: EnrollRequest,
  from: { ip: string; origin: string },
) => { answer: EnrollAnswer; isRepeat: boolean };

export type EnrollDeps = CreateHostDeps & {
  hub: Hub;
  bus: FactBus;
  tokens: EnrollmentTokens;
  /** Due times count under the rules active at the time. Replaced hardware pauses the schedules. */
  accounting: { countDueRuns(hostId: string): void; restart(hostId: string): void };
  answerFor: AnswerFor;
};

/** What a machine receives once it is this host. */
export type AnswerFor = (hostId: string, origin: string) => EnrollAnswer;

export function createAnswers({ db, updateKeys }: { db: Db; updateKeys(): string[] }): AnswerFor {
  return (hostId, origin) => ({
    host_id: hostId,
    host_name: findHost(db, hostId)?.name ?? "",
    server_url: origin,
    cert_pin: null,
    update_keys: updateKeys(),
  });
}

/** @throws Refusal 401 `token_invalid` (one answer for wrong, used by another, expired), 409 `name_taken`, `agent_token_taken`, `other_machine`, 422 `protocol_too_old` */
export function createEnroll(deps: EnrollDeps): Enroll {
  const { db, clock, hub, bus, tokens, answerFor } = deps;
  return (request, from) => {
    if (request.protocol_version < MIN_AGENT_PROTOCOL_VERSION) {
      throw new Refusal(422, "protocol_too_old", "This agent is too old for the server. Run the installer again.");
    }
    const key = createHash("sha256").update(JSON.stringify(request)).digest("hex");
    const outcome = inTransaction(db, () => {
      const row = findEnrollmentTokenByHash(db, hashToken(request.token));
      if (!row) throw tokenInvalid();
      if (row.consumedAt !== null && row.consumedKey === key && row.enrolledHostId) {
        return { hostId: row.enrolledHostId, isRepeat: true, replaced: null };
      }
      if (row.consumedAt !== null || row.revokedAt !== null || row.expiresAt <= clock.now()) throw tokenInvalid();
      const { hostId, replaced } = row.hostId
        ? takeOver(deps, row, request)
        : { hostId: createHost(deps, { ...row, cargo: tokens.openCargo(row) }, request, from.ip), replaced: null };
      const use = { consumedAt: clock.now(), consumedKey: key, enrolledHostId: hostId };
      if (!consumeEnrollmentToken(db, row.id, use)) throw tokenInvalid();
      writeAudit(db, clock.now(), {
        actor: { kind: "agent", hostId, ip: from.ip },
        action: row.hostId ? "host.enrolled_again" : "host.enrolled",
        target: { kind: "host", id: hostId, name: row.hostName },
        payload: {
          hostname: request.hostname,
          os: request.os,
          arch: request.arch,
          agent_version: request.agent_version,
        },
      });
      return { hostId, isRepeat: false, replaced };
    });
    if (outcome.replaced)
      turnAway(
        hub,
        outcome.hostId,
        "Another machine has taken this host's place. The schedules of this agent are stopped.",
      );
    if (!outcome.isRepeat) bus.publish("state.changed", { hostId: outcome.hostId });
    return { answer: answerFor(outcome.hostId, from.origin), isRepeat: outcome.isRepeat };
  };
}

/** The same host on the same or new hardware: its repos and groups stay, and the old agent's token becomes invalid. */
function takeOver(
  { db, clock, accounting }: EnrollDeps,
  row: EnrollmentTokenRow,
  request: EnrollRequest,
): { hostId: string; replaced: boolean } {
  const host = row.hostId ? findHost(db, row.hostId) : null;
  if (!host || host.archivedAt !== null) throw tokenInvalid();
  if (!row.replaces && host.machineId !== request.machine_id) {
    throw new Refusal(
      409,
      "other_machine",
      "This token is for the machine that is already enrolled. To move the host to new hardware, use “Replace this machine”.",
    );
  }
  checkAgentToken(db, request.agent_token_hash, host.id);
  const now = clock.now();
  const isOtherToken = host.tokenHash !== request.agent_token_hash;
  if (host.tokenHash && isOtherToken) {
    revokeAgentToken(db, { tokenHash: host.tokenHash, hostId: host.id, reason: "replaced", revokedAt: now });
  }
  accounting.countDueRuns(host.id);
  updateHost(db, host.id, {
    ...machineOf(request),
    tokenHash: request.agent_token_hash,
    appliedStateDigest: null,
    // The new machine has not reported on its settings yet.
    stateErrors: [],
    driftSince: now,
    replacedAt: row.replaces ? now : host.replacedAt,
    schedulesPaused: row.replaces || host.schedulesPaused,
    updatedAt: now,
  });
  accounting.restart(host.id);
  return { hostId: host.id, replaced: host.tokenHash !== null && isOtherToken };
}

function tokenInvalid(): Refusal {
  return new Refusal(
    401,
    "token_invalid",
    "This enrolment token is wrong, used or expired. Create a new one under Add host.",
  );
}
