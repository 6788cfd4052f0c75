/** What counts as one repo server, on which only so many heavy jobs run at a time. Pure. */
import type { RepoRow } from "../../db/schema/repos.ts";
import type { JobKind } from "../../shared/jobs.ts";

export const MOST_HEAVY_JOBS = 2;
const HEAVY: readonly JobKind[] = ["forget", "prune", "check"];

export function isHeavy(kind: JobKind): boolean {
  return HEAVY.includes(kind);
}

/** Equal for repos behind the same machine or bucket service; a local folder belongs to its host. */
export function repoServerOf({ kind, url, hostId }: Pick<RepoRow, "kind" | "url" | "hostId">): string {
  if (kind === "local") return `local ${hostId}`;
  const address = url.replace(/^[a-z0-9]+:(?=[a-z]+:\/\/)/, "");
  if (URL.canParse(address)) {
    const { host } = new URL(address);
    if (host !== "") return `${kind} ${host.toLowerCase()}`;
  }
  const named = /^[a-z0-9]+:(?:\/\/)?(?:[^@/]*@)?([^:/]+)/i.exec(url)?.[1];
  return `${kind} ${(named ?? url).toLowerCase()}`;
}
