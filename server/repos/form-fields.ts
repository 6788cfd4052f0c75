/** Reads the fields of the repository form. Each kind has its own names for its keys. */
import { REPO_KINDS, type RepoKind } from "../../shared/repos.ts";
import { pairsOf, textOf } from "../http/forms.ts";
import type { FormBody } from "../http/routes.ts";
import type { RepoInput } from "./address.ts";

/** The filled-in fields named `env_NAME`. */
export function envOf(body: FormBody): Record<string, string> {
  const names = Object.keys(body).filter((name) => name.startsWith("env_") && textOf(body, name) !== "");
  return Object.fromEntries(names.map((name) => [name.slice("env_".length), textOf(body, name)]));
}

/** Asked only for an address without a path. undefined until it is answered. */
export function ownFolderOf(body: FormBody): boolean | undefined {
  const answer = textOf(body, "own_folder");
  return answer === "" ? undefined : answer === "yes";
}

export function repoInputOf(body: FormBody): RepoInput {
  const filled = (name: string) => textOf(body, name) || undefined;
  const kind = textOf(body, "kind");
  const env = { ...pairsOf(body, "env"), ...envOf(body) };
  return {
    kind: (REPO_KINDS as readonly string[]).includes(kind) ? (kind as RepoKind) : undefined,
    url: textOf(body, "url"),
    own_folder: ownFolderOf(body),
    http_username: filled("http_username"),
    http_password: filled("http_password"),
    repo_password: filled("repo_password"),
    env: Object.keys(env).length > 0 ? env : undefined,
  };
}
