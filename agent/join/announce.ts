/** Enrolment without a token: the machine shows its key's fingerprint, proves that it holds the key, and waits for an admin's decision. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { fingerprintOf } from "../../shared/fingerprint.ts";
import { announceAnswer, type EnrollAnswer } from "../../shared/protocol/enrollment.ts";
import { announcedText, parseToPending } from "../../shared/protocol/pending.ts";
import { CLOSE } from "../../shared/protocol/version.ts";
import { type Clock, HOUR_MS, SECOND_MS } from "../../shared/time/clock.ts";
import { type AgentEnvironment, findConfig } from "../config.ts";
import { openSocket, type Socket } from "../link/socket.ts";
import { createTrust } from "../link/trust.ts";
import { replaceFile } from "../machine/replace-file.ts";
import { type Enrolled, type JoinOrder, machineFacts, post, saveEnrolment, sha256 } from "./enroll.ts";

/** The key and the agent token survive the command. Run again, it shows the same fingerprint and continues to wait. */
const identitySchema = v.object({ server: v.string(), private_key: v.string(), agent_token: v.string() });
type Identity = v.InferOutput<typeof identitySchema>;

export type Announced = {
  /** `SHA256:…`, computed here, for a person to compare with the server's page. */
  fingerprint: string;
  /** Another host, or another waiting machine, has this name. */
  isNameTaken: boolean;
};

const CONNECT_WITHIN_MS = 20 * SECOND_MS;
const LONGEST_PAUSE_MS = 30 * SECOND_MS;
/** How long the server lets a machine wait. */
const WAIT_AT_MOST_MS = HOUR_MS;

/** Waits up to an hour. Without an acceptance, the machine is left unchanged. */
export async function announce(
  environment: AgentEnvironment,
  order: JoinOrder,
  clock: Clock,
  show: (announced: Announced) => void,
): Promise<Enrolled> {
  const found = findConfig(environment);
  if (found.found === "bad") return { done: false, problem: `${found.path} cannot be read: ${found.problem}` };
  const before = found.found === "ok" ? found.config : null;
  const identity = findIdentity(environment, order) ?? makeIdentity(environment, order);
  const publicKey = createPublicKey(keyOf(identity)).export({ format: "jwk" }).x ?? "";
  const request = { public_key: publicKey, ...machineFacts(environment, order, before) };
  const answer = await post(order, "/api/agents/announce", request, announceAnswer);
  if (typeof answer === "string") return { done: false, problem: answer };
  const fingerprint = fingerprintOf(publicKey);
  if (answer.fingerprint !== fingerprint)
    return {
      done: false,
      problem: "The server shows a different fingerprint for this machine: someone may be intercepting the connection",
    };
  show({ fingerprint, isNameTaken: answer.hostname_collision });

  const decision = await decided(order, environment, clock, identity, answer.pending_id);
  if (typeof decision === "string") return { done: false, problem: decision };
  const config = saveEnrolment(environment, order, {
    answer: decision,
    agentToken: identity.agent_token,
    enrolledWith: null,
    before,
  });
  rmSync(identityPath(environment), { force: true });
  return { done: true, config };
}

/** Stays connected, and reconnects when the connection breaks, until there is an answer. */
async function decided(
  order: JoinOrder,
  environment: AgentEnvironment,
  clock: Clock,
  identity: Identity,
  pendingId: string,
): Promise<EnrollAnswer | string> {
  const until = clock.now() + WAIT_AT_MOST_MS;
  const trust = createTrust(order.server, order.trust);
  const path = `/ws/agent/pending?id=${encodeURIComponent(pendingId)}`;
  const target = { server: order.server, path, token: null, trust, proxy: environment.proxy };
  let pauseMs = SECOND_MS;
  while (clock.now() < until) {
    const outcome = await oneConnection(target, identity, pendingId);
    if (outcome.end === "accepted") return outcome.answer;
    if (outcome.end === "refused") return outcome.problem;
    pauseMs = outcome.wasOpen ? SECOND_MS : Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  return "Nobody accepted this machine within an hour. Run the same command again to ask once more";
}

type Outcome =
  | { end: "accepted"; answer: EnrollAnswer }
  | { end: "refused"; problem: string }
  | { end: "broken"; wasOpen: boolean };

async function oneConnection(
  target: Parameters<typeof openSocket>[0],
  identity: Identity,
  pendingId: string,
): Promise<Outcome> {
  let conclude: (outcome: Outcome) => void = () => undefined;
  const outcome = new Promise<Outcome>((resolve) => {
    conclude = resolve;
  });
  let socket: Socket | null = null;
  let challenge: string | null = null;
  const prove = () => {
    if (!socket || challenge === null) return;
    const hash = sha256(identity.agent_token);
    const signature = sign(null, Buffer.from(announcedText(pendingId, challenge, hash), "utf8"), keyOf(identity));
    const payload = { agent_token_hash: hash, signature: signature.toString("base64url") };
    socket.send(JSON.stringify({ type: "pending.proof", ts: Date.now(), payload }));
    challenge = null;
  };
  const opened = await openSocket(target, CONNECT_WITHIN_MS, {
    message(frame) {
      const parsed = parseToPending(frame);
      if (!parsed.ok) return;
      const { type, payload } = parsed.message;
      if (type === "pending.challenge") {
        challenge = payload.nonce;
        prove();
      } else if (type === "enrolled") conclude({ end: "accepted", answer: payload });
      else if (type === "error") conclude({ end: "refused", problem: payload.message });
    },
    closed(code) {
      const isFinal = code === CLOSE.rejected;
      conclude(
        isFinal ? { end: "refused", problem: "The server rejected this machine" } : { end: "broken", wasOpen: true },
      );
    },
  });
  if (!opened.ok) return { end: "broken", wasOpen: false };
  socket = opened.socket;
  prove();
  const result = await outcome;
  socket.close(1000, "done");
  return result;
}

function keyOf(identity: Identity) {
  return createPrivateKey(identity.private_key);
}

function identityPath(environment: AgentEnvironment): string {
  return join(environment.configFolder, "announcing.json");
}

function findIdentity(environment: AgentEnvironment, order: JoinOrder): Identity | null {
  const path = identityPath(environment);
  if (!existsSync(path)) return null;
  try {
    const identity = v.parse(identitySchema, JSON.parse(readFileSync(path, "utf8")));
    return identity.server === order.server ? identity : null;
  } catch {
    return null;
  }
}

function makeIdentity(environment: AgentEnvironment, order: JoinOrder): Identity {
  const { privateKey } = generateKeyPairSync("ed25519");
  const identity = {
    server: order.server,
    private_key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    agent_token: randomBytes(32).toString("base64url"),
  };
  mkdirSync(environment.configFolder, { recursive: true, mode: 0o700 });
  replaceFile(identityPath(environment), JSON.stringify(identity));
  return identity;
}
