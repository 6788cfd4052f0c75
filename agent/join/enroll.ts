/** Enrolment by token: the machine creates its own agent token first, so that it can safely try again. */
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { type EnrollAnswer, type EnrollRequest, enrollAnswer } from "../../shared/protocol/enrollment.ts";
import { PROTOCOL_VERSION } from "../../shared/protocol/version.ts";
import { PRODUCT_VERSION } from "../../shared/version.ts";
import { type AgentConfig, type AgentEnvironment, findConfig, saveConfig } from "../config.ts";
import { createTrust, type TrustSettings } from "../link/trust.ts";
import { PLATFORM } from "../machine/platform.ts";
import { replaceFile } from "../machine/replace-file.ts";
import { hostName, looksRoaming, machineId, timeZone } from "../machine/sysinfo.ts";
import { secretsPath } from "../state/secrets.ts";
import { agentDbPath } from "../store/open.ts";

/** The server to join, and how to recognise it. */
export type JoinOrder = { server: string; trust: TrustSettings; resticVersion: string | null };
export type EnrollOrder = JoinOrder & {
  /** The one-time enrolment token. */
  token: string;
};

export type Enrolled = { done: true; config: AgentConfig } | { done: false; problem: string };

/** Kept between the first try and the answer, in case the answer is lost. */
const attemptSchema = v.object({ server: v.string(), token_hash: v.string(), agent_token: v.string() });
type Attempt = v.InferOutput<typeof attemptSchema>;

const ANSWER_WITHIN_MS = 30_000;

/** Asks the server to enrol this machine, and writes `agent.yaml`. A failed try changes nothing. */
export async function enroll(environment: AgentEnvironment, order: EnrollOrder): Promise<Enrolled> {
  const found = findConfig(environment);
  if (found.found === "bad") return { done: false, problem: `${found.path} cannot be read: ${found.problem}` };
  const before = found.found === "ok" ? found.config : null;
  const attempt = attemptFor(environment, order, before);
  saveAttempt(environment, attempt);
  const request: EnrollRequest = {
    token: order.token,
    agent_token_hash: sha256(attempt.agent_token),
    ...machineFacts(environment, order, before),
  };
  const answer = await post(order, "/api/agents/enroll", request, enrollAnswer);
  if (typeof answer === "string") return { done: false, problem: answer };
  const config = saveEnrolment(environment, order, {
    answer,
    agentToken: attempt.agent_token,
    enrolledWith: attempt.token_hash,
    before,
  });
  rmSync(attemptPath(environment), { force: true });
  return { done: true, config };
}

/** What the machine reports about itself, whichever way it joins. */
export function machineFacts(
  environment: AgentEnvironment,
  order: JoinOrder,
  before: AgentConfig | null,
): Omit<EnrollRequest, "token" | "agent_token_hash"> {
  return {
    machine_id: before?.machine_id ?? machineId(),
    hostname: hostName(),
    ...PLATFORM,
    agent_version: PRODUCT_VERSION,
    restic_version: order.resticVersion,
    protocol_version: PROTOCOL_VERSION,
    timezone: timeZone(environment.timezone),
    roaming_hint: looksRoaming(),
  };
}

export type Enrolment = {
  answer: EnrollAnswer;
  agentToken: string;
  /** Hash of the enrolment token; null when the machine announced itself. */
  enrolledWith: string | null;
  before: AgentConfig | null;
};

/** Writes `agent.yaml`. Deletes the state if this machine was another host before. */
export function saveEnrolment(environment: AgentEnvironment, order: JoinOrder, enrolment: Enrolment): AgentConfig {
  const { before, answer } = enrolment;
  if (before && before.host_id !== answer.host_id) forgetState(environment);
  const config = configOf(order, enrolment);
  saveConfig(environment, config);
  return config;
}

/** The same enrolment token always gets the same agent token. */
function attemptFor(environment: AgentEnvironment, order: EnrollOrder, before: AgentConfig | null): Attempt {
  const tokenHash = sha256(order.token);
  const fits = (one: Attempt) => one.server === order.server && one.token_hash === tokenHash;
  const pending = findAttempt(environment);
  if (pending && fits(pending)) return pending;
  if (before && before.enrolled_with === tokenHash && before.server === order.server) {
    return { server: order.server, token_hash: tokenHash, agent_token: before.agent_token };
  }
  return { server: order.server, token_hash: tokenHash, agent_token: randomBytes(32).toString("base64url") };
}

/** Sends a request to the server; a problem is returned as a sentence. */
export async function post<S extends v.GenericSchema>(
  order: JoinOrder,
  path: string,
  body: object,
  schema: S,
): Promise<v.InferOutput<S> | string> {
  try {
    const response = await fetch(`${order.server}${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      redirect: "error",
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      tls: await createTrust(order.server, order.trust).options(),
    } as RequestInit);
    const found: unknown = await response.json().catch(() => null);
    if (!response.ok) return refusalOf(response.status, found);
    const answer = v.safeParse(schema, found);
    return answer.success ? answer.output : "Unexpected answer: is this a restic-manager server?";
  } catch (error) {
    return `${order.server} cannot be reached: ${error instanceof Error ? error.message : error}`;
  }
}

const errorBody = v.object({ error: v.object({ code: v.string(), message: v.string() }) });

function refusalOf(status: number, body: unknown): string {
  const parsed = v.safeParse(errorBody, body);
  if (parsed.success && parsed.output.error.code === "token_invalid") {
    return "The enrolment token is wrong, has expired, or was used by another machine: create a new one on the server";
  }
  return parsed.success ? `The server refused: ${parsed.output.error.message}` : `The server answered ${status}`;
}

function configOf(order: JoinOrder, { answer, agentToken, enrolledWith, before }: Enrolment): AgentConfig {
  const pinned = order.server.startsWith("https:") && order.trust.ca_file === null ? answer.cert_pin : null;
  return {
    allow_hooks: true,
    allow_restore_in_place: true,
    allow_update: true,
    allow_outside: true,
    allow_env: [],
    restic_path: null,
    max_upload_kbps: null,
    low_priority: true,
    secrets_key: randomBytes(32).toString("hex"),
    ...before,
    server: order.server,
    host_id: answer.host_id,
    host_name: answer.host_name,
    agent_token: agentToken,
    machine_id: before?.machine_id ?? machineId(),
    trust: { ...order.trust, pin: order.trust.pin ?? pinned },
    update_keys: answer.update_keys,
    enrolled_with: enrolledWith,
  };
}

/** Jobs and credentials of another host must not be reported under the new name. */
function forgetState(environment: AgentEnvironment): void {
  const db = agentDbPath(environment.stateFolder);
  for (const path of [db, `${db}-wal`, `${db}-shm`, secretsPath(environment.stateFolder)])
    rmSync(path, { force: true });
}

function attemptPath(environment: AgentEnvironment): string {
  return join(environment.configFolder, "enrolling.json");
}

function findAttempt(environment: AgentEnvironment): Attempt | null {
  const path = attemptPath(environment);
  if (!existsSync(path)) return null;
  try {
    return v.parse(attemptSchema, JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return null;
  }
}

function saveAttempt(environment: AgentEnvironment, attempt: Attempt): void {
  mkdirSync(environment.configFolder, { recursive: true, mode: 0o700 });
  replaceFile(attemptPath(environment), JSON.stringify(attempt));
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
