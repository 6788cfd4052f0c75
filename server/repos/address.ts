/** Checks and normalises what a person entered about a repository: kind, address, user, passwords, environment. */
import type { Credential } from "../../shared/protocol/fields.ts";
import { problemOfAddress, REPO_ENV_NAMES, type RepoKind, repoKindOf } from "../../shared/repos.ts";
import { helpForAddress } from "./address-help.ts";

export type RepoInput = {
  kind?: RepoKind | undefined;
  url: string;
  /** For a REST address without a path: whether it means the user's own folder or the root of the server. */
  own_folder?: boolean | undefined;
  http_username?: string | undefined;
  http_password?: string | undefined;
  repo_password?: string | undefined;
  env?: Record<string, string> | undefined;
};

/** Like a credential, but missing passwords are null. */
export type RepoAddress = {
  kind: RepoKind;
  url: string;
  httpUsername: string | null;
  httpPassword: string | null;
  repoPassword: string | null;
  env: Record<string, string>;
};

export type AddressOutcome = { ok: true; address: RepoAddress } | { ok: false; fields: Record<string, string> };

/**
 * Never changes an address silently: for a REST server without a path the person says which of the two is meant.
 * @param fallbackUser the HTTP user of a REST server when none is given: the host's name
 * @param isInUse the address is the stored one, which is left as it is
 */
export function parseRepoInput(
  input: RepoInput,
  fallbackUser: string,
  { isInUse = false }: { isInUse?: boolean } = {},
): AddressOutcome {
  const fields: Record<string, string> = {};
  const found = repoKindOf(normalise(input.url, input.kind));
  const kind = input.kind === undefined || input.kind === "other" ? found : input.kind;
  const url = normalise(input.url, kind);
  if (url === "")
    fields["url"] = "Enter the address of the repository. For a REST server: rest:https://backup.example:8000/";
  else if (!isInUse && helpForAddress(url, kind) !== null) fields["url"] = helpForAddress(url, kind) as string;
  else if (/[\s\u0000-\u001f]/.test(url) && kind !== "local" && kind !== "rclone")
    fields["url"] = "An address cannot contain spaces.";
  else if (problemOfAddress(kind, url) !== null) fields["url"] = problemOfAddress(kind, url) as string;
  const env = input.env ?? {};
  for (const [name, value] of Object.entries(env))
    if (/[\u0000-\u001f\u007f]/.test(value))
      fields["env"] = `The value of ${name} contains control characters. Remove them.`;
  for (const name of Object.keys(env)) {
    if (!REPO_ENV_NAMES[kind].includes(name)) fields["env"] = `${name} cannot be set for a repository of this kind.`;
  }
  const common = { kind, repoPassword: input.repo_password || null, env };
  if (kind !== "rest") {
    if (Object.keys(fields).length > 0) return { ok: false, fields };
    return { ok: true, address: { ...common, url, httpUsername: null, httpPassword: null } };
  }
  const rest = parseRest(url);
  if (!rest && !fields["url"]) fields["url"] = problemOfAddress("rest", "") as string;
  const user = input.http_username?.trim() || rest?.user || asUser(fallbackUser);
  if (/[:\s/]/.test(user)) fields["http_username"] = "A user name cannot contain spaces, slashes or colons.";
  const ownFolder = rest && `rest:${rest.base}/${encodeURIComponent(user)}/`;
  const isServerAlone = rest?.path === "/" && !isInUse;
  if (isServerAlone && input.own_folder === undefined && Object.keys(fields).length === 0)
    fields["own_folder"] =
      `This address has no path. Is the repository in the user’s own folder, ${ownFolder}, or at the root of the server?`;
  if (!rest || Object.keys(fields).length > 0) return { ok: false, fields };
  return {
    ok: true,
    address: {
      ...common,
      url: isServerAlone && input.own_folder ? (ownFolder as string) : `rest:${rest.base}${rest.path}`,
      httpUsername: user,
      httpPassword: input.http_password || rest.password || null,
    },
  };
}

export function toCredential(address: RepoAddress & { repoPassword: string }): Credential {
  return {
    url: address.url,
    http_username: address.httpUsername,
    http_password: address.httpPassword,
    repo_password: address.repoPassword,
    env: address.env,
  };
}

function normalise(raw: string, kind: RepoKind | undefined): string {
  const url = raw.trim();
  return kind === "rest" && /^https?:\/\//i.test(url) ? `rest:${url}` : url;
}

function parseRest(text: string): { base: string; path: string; user: string; password: string } | null {
  const address = text.replace(/^rest:/, "");
  if (!/^https?:\/\//i.test(address) || !URL.canParse(address)) return null;
  const url = new URL(address);
  const user = decoded(url.username);
  const password = decoded(url.password);
  if (url.hostname === "" || url.search || url.hash || user === null || password === null) return null;
  const path = url.pathname.endsWith("/") ? url.pathname : `${url.pathname}/`;
  return { base: url.origin, path, user, password };
}

/** null when the text is not valid percent-encoded UTF-8. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function asUser(name: string): string {
  return (
    name
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, "-")
      .replace(/^-+|-+$/g, "") || "restic"
  );
}
