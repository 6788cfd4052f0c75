/** Turns a credential into restic's environment, and checks which variables a repo may bring. Pure. */
import type { Credential } from "../../shared/protocol/fields.ts";
import { type Redactor, redactUrlUserInfo, secretValues } from "../../shared/redact.ts";
import { REPO_ENV_NAMES, type RepoKind, repoKindOf } from "../../shared/repos.ts";

export type RepoAccess = {
  repoId: string;
  name: string;
  kind: RepoKind;
  credential: Credential;
};

export function accessOf(repoId: string, name: string, credential: Credential): RepoAccess {
  return { repoId, name, kind: repoKindOf(credential.url), credential };
}

/** Environment variables of the credential that this host refuses, because they could make restic run other programs. */
export function refusedNames(credential: Credential, allowed: readonly string[]): string[] {
  const usual = REPO_ENV_NAMES[repoKindOf(credential.url)];
  return Object.keys(credential.env).filter((name) => !usual.includes(name) && !allowed.includes(name));
}

/** restic's own environment for this repository. Added to the base environment of every child process. */
export function environmentOf(access: RepoAccess, cacheFolder: string): Record<string, string> {
  const { url, http_username, http_password, repo_password, env } = access.credential;
  return {
    ...env,
    RESTIC_REPOSITORY: url,
    RESTIC_PASSWORD: repo_password,
    ...(http_username === null ? {} : { RESTIC_REST_USERNAME: http_username }),
    ...(http_password === null ? {} : { RESTIC_REST_PASSWORD: http_password }),
    RESTIC_PROGRESS_FPS: "1",
    RESTIC_CACHE_DIR: cacheFolder,
  };
}

/** From now on these never appear in a log or a message. */
export function redactCredential(redactor: Redactor, credential: Credential): void {
  redactor.add(
    credential.repo_password,
    credential.http_password,
    ...secretValues(credential.env),
    ...urlSecrets(credential.url),
  );
}

/** The address as shown to people. */
export function shownUrl(access: RepoAccess): string {
  return redactUrlUserInfo(access.credential.url);
}

function urlSecrets(url: string): string[] {
  const userInfo = /:\/\/([^\s/@]*)@/.exec(url)?.[1];
  const password = userInfo?.split(":").slice(1).join(":");
  if (!password) return [];
  return [password, decodeQuietly(password)];
}

function decodeQuietly(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Address, user and password of a REST repository for plain HTTP requests; null for other kinds. */
export function restEndpoint(access: RepoAccess): { url: string; headers: Record<string, string> } | null {
  if (access.kind !== "rest") return null;
  let url: URL;
  try {
    url = new URL(access.credential.url.slice("rest:".length));
  } catch {
    return null;
  }
  const user = access.credential.http_username ?? decodeQuietly(url.username);
  const password = access.credential.http_password ?? decodeQuietly(url.password);
  url.username = "";
  url.password = "";
  const basic = Buffer.from(`${user}:${password}`, "utf8").toString("base64");
  const headers: Record<string, string> = user === "" && password === "" ? {} : { Authorization: `Basic ${basic}` };
  return { url: url.toString().replace(/\/+$/, ""), headers };
}
