/** The sources of one backup: which are valid, whether the repository is among them, and the files that pass them to restic. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { join, normalize, relative } from "node:path";
import type { DesiredSourceGroup } from "../../../shared/protocol/to-agent.ts";
import type { Platform } from "../../machine/platform.ts";
import type { RepoAccess } from "../../restic/access.ts";
import {
  excludesFile,
  includesFile,
  isAtOrBelow,
  problemOfInclude,
  problemOfPattern,
} from "../../restic/source-files.ts";
import { inTime } from "./inspect-paths.ts";

/** A path or pattern that restic cannot take as written, and why. */
export type Refused = { text: string; problem: string };

export type Sources = {
  includes: string[];
  excludes: string[];
  refusedIncludes: Refused[];
  refusedExcludes: Refused[];
  /** The whole machine is backed up, so only its own disks are followed. */
  wholeMachine: boolean;
};

export function sourcesOf(group: DesiredSourceGroup, os: Platform["os"]): Sources {
  const refusedIncludes = group.includes.flatMap((path) => refused(path, problemOfInclude(path, os)));
  const refusedExcludes = group.excludes.flatMap((pattern) => refused(pattern, problemOfPattern(pattern)));
  const includes = group.includes
    .filter((path) => problemOfInclude(path, os) === null)
    .map((path) => cleanPath(path, os));
  return {
    includes: [...new Set(includes)],
    excludes: group.excludes.filter((pattern) => problemOfPattern(pattern) === null),
    refusedIncludes,
    refusedExcludes,
    wholeMachine: os === "linux" && includes.includes("/"),
  };
}

function refused(text: string, problem: string | null): Refused[] {
  return problem === null ? [] : [{ text, problem }];
}

function cleanPath(path: string, os: Platform["os"]): string {
  if (os === "windows") return path;
  const clean = normalize(path);
  return clean.length > 1 ? clean.replace(/\/+$/, "") : clean;
}

/** The folder of a repository on this machine; null for other kinds. */
export function repositoryFolder({ kind, credential }: RepoAccess): string | null {
  return kind === "local" ? normalize(credential.url.replace(/^local:/, "")) : null;
}

/** A repository inside a source, with the path by which restic reaches it. */
export type OwnRepository = { include: string; place: string };

/** A repository must not be backed up into itself. Links are followed, because restic sees the repository under its real name. */
export async function findRepositoryInside(
  folder: string | null,
  includes: readonly string[],
  signal: AbortSignal,
): Promise<OwnRepository[]> {
  if (folder === null) return [];
  const real = (path: string) => inTime(() => realpath(path), path, signal);
  const repository = await real(folder);
  const found = await Promise.all(
    includes.map(async (include): Promise<OwnRepository[]> => {
      const top = await real(include);
      if (!isAtOrBelow(repository, top)) return [];
      return [{ include, place: join(include, relative(top, repository)) }];
    }),
  );
  return found.flat();
}

export type SourceFiles = { includesFile: string; excludesFile: string; remove(): void };

/**
 * @param own folders that are always excluded, taken literally.
 * @throws file system errors, such as a full disk.
 */
export function writeSourceFiles(
  folder: string,
  jobId: string,
  sources: Pick<Sources, "includes" | "excludes">,
  own: string[],
  os: Platform["os"],
): SourceFiles {
  const own600 = { mode: 0o600 };
  const place = join(folder, jobId);
  mkdirSync(place, { recursive: true, mode: 0o700 });
  const includes = join(place, "includes");
  const excludes = join(place, "excludes");
  writeFileSync(includes, includesFile(sources.includes), own600);
  writeFileSync(excludes, excludesFile(sources.excludes, own, os), own600);
  return { includesFile: includes, excludesFile: excludes, remove: () => removeQuietly(place) };
}

/** Must not fail a backup that is done: the next start removes what is left. */
function removeQuietly(place: string): void {
  try {
    rmSync(place, { recursive: true, force: true });
  } catch {
    // The folder is emptied when the agent starts.
  }
}
