/** Hosts without an agent, enrolled through REST as a machine would. */
import { createHash } from "node:crypto";
import { newId } from "../../shared/ids.ts";
import type { EnrollRequest } from "../../shared/protocol/enrollment.ts";
import { PROTOCOL_VERSION } from "../../shared/protocol/version.ts";
import type { Person, TestApp } from "./app.ts";

/** What an agent knows of itself and of its only group and repo. */
export type Identity = {
  token: string;
  hostId: string;
  machineId: string;
  groupId: string;
  repoId: string;
  /** Of the schedule that every new host has. */
  scheduleId: string;
};

export type TestHost = { id: string; gid: string; rid: string; name: string; identity: Identity };

/** What a new machine sends with the enrolment token that it was given. */
export function enrollRequest(
  token: string,
  { agentToken = newId(), ...changes }: Partial<EnrollRequest> & { agentToken?: string } = {},
): EnrollRequest {
  return {
    token,
    agent_token_hash: createHash("sha256").update(agentToken).digest("hex"),
    machine_id: newId(),
    hostname: "machine",
    os: "linux",
    arch: "x64",
    agent_version: "0.1.0",
    restic_version: "0.19.1",
    protocol_version: PROTOCOL_VERSION,
    timezone: "UTC",
    roaming_hint: false,
    ...changes,
  };
}

type Calls = { post<T>(path: string, body: unknown): Promise<T>; get<T>(path: string): Promise<T> };

export type EnrollOptions = {
  name: string;
  includes?: string[];
  backupNow?: boolean;
  machine?: Partial<EnrollRequest>;
};

/** Makes an enrolment token as this admin, and a host by it; nothing listens at its repo's address. */
export async function enrollIdentity(
  { post, get }: Calls,
  { name, includes = ["/srv"], backupNow = true, machine = {} }: EnrollOptions,
): Promise<Identity> {
  const { token: given } = await post<{ token: string }>("/api/enrollment-tokens", {
    host_name: name,
    includes,
    backup_now: backupNow,
    repo: {
      kind: "rest",
      url: `http://vault:8000/${name}/`,
      http_password: "an http password",
      repo_password: "a repo password",
    },
  });
  const token = `agent-token-${newId()}`;
  const request = enrollRequest(given, { agentToken: token, hostname: name, ...machine });
  const { host_id: hostId } = await post<{ host_id: string }>("/api/agents/enroll", request);
  const host = await get<{ source_groups: { id: string }[]; repos: { id: string }[] }>(`/api/hosts/${hostId}`);
  const [groupId = "", repoId = ""] = [host.source_groups[0]?.id, host.repos[0]?.id];
  const schedules = await get<{ items: { id: string }[] }>(`/api/hosts/${hostId}/schedules`);
  const scheduleId = schedules.items[0]?.id ?? "";
  return { token, hostId, machineId: request.machine_id, groupId, repoId, scheduleId };
}

/** Calls JSON routes as this person; `call` throws what is refused, `ask` gives it back. */
export function jsonClient(app: TestApp, person: Person | null) {
  const ask = async <T = Record<string, unknown>>(method: string, path: string, body?: unknown) => {
    const headers: Record<string, string> = { "content-type": "application/json" };
    if (person) Object.assign(headers, { cookie: person.cookie, "x-csrf-token": person.csrf });
    const answer = await app.request(path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: (text ? JSON.parse(text) : null) as T };
  };
  const call = async <T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await ask<T>(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  return { ask, call };
}

/** @param admin makes the enrolment token */
export async function enrollHost(
  app: TestApp,
  admin: Person,
  {
    name = `host-${newId().slice(-6)}`,
    timezone = "UTC",
    os = "linux" as EnrollRequest["os"],
    includes = ["/srv"],
    backupNow = true,
  } = {},
): Promise<TestHost> {
  const { call } = jsonClient(app, admin);
  const identity = await enrollIdentity(
    { get: (path) => call("GET", path), post: (path, body) => call("POST", path, body) },
    { name, includes, backupNow, machine: { timezone, os } },
  );
  return { id: identity.hostId, gid: identity.groupId, rid: identity.repoId, name, identity };
}
