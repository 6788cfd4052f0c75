/** Hosts of an application inside the test: enrolled by REST as a machine would, without any agent. */
import { newId } from "../../shared/ids.ts";
import type { Person, TestApp } from "./app.ts";

export type TestHost = { id: string; gid: string; rid: string; name: string };

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
  { name = `host-${newId().slice(-6)}`, timezone = "UTC", os = "linux", includes = ["/srv"] } = {},
): Promise<TestHost> {
  const { call } = jsonClient(app, admin);
  const { token } = await call<{ token: string }>("POST", "/api/enrollment-tokens", {
    host_name: name,
    includes,
    repo: {
      kind: "rest",
      url: "http://vault:8000/",
      http_password: "an http password",
      repo_password: "a repo password",
    },
  });
  const { host_id: id } = await jsonClient(app, null).call<{ host_id: string }>("POST", "/api/agents/enroll", {
    token,
    agent_token_hash: Bun.hash(newId()).toString(16).padStart(64, "a"),
    machine_id: newId(),
    hostname: name,
    os,
    arch: "x64",
    agent_version: "0.1.0",
    restic_version: "0.19.1",
    protocol_version: 1,
    timezone,
    roaming_hint: false,
  });
  const host = await call<{ source_groups: { id: string }[]; repos: { id: string }[] }>("GET", `/api/hosts/${id}`);
  return { id, name, gid: host.source_groups[0]?.id ?? "", rid: host.repos[0]?.id ?? "" };
}
