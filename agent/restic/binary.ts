/** Which restic this machine uses: the configured one, our own copy, or the one on PATH, if the version is supported. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type * as v from "valibot";
import type { Log } from "../../shared/log.ts";
import { version as versionSchema } from "../../shared/restic/repository.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { PLATFORM } from "../machine/platform.ts";
import { readWhole } from "./output.ts";
import { runProcess } from "./run.ts";

export type ResticBinary = { path: string; version: string };

export type FoundRestic =
  | { found: "ok"; binary: ResticBinary }
  | { found: "none"; code: "restic_missing" | "restic_too_old"; problem: string; remedy: string };

/** Downloads the server's copy to `path`. Returns null on success, else the problem in words. */
export type FetchRestic = (path: string) => Promise<string | null>;

/** What happens when no supported restic is found: download the server's copy, or not because the owner forbids it, or wait because this is only a query. */
export type ServersCopy = { may: "be_fetched"; fetch: FetchRestic } | { may: "not_be_fetched" } | { may: "wait" };

export type ResticFinder = {
  /** The last result; searches when there is none. */
  current(): Promise<FoundRestic>;
  /** The last result without searching, for messages. */
  known(): ResticBinary | null;
  /** Searches again: at start, hourly, after a failure. Downloads the server's copy when nothing is supported. */
  search(): Promise<FoundRestic>;
  /** Replaces our own copy, if we use one and the owner allows it, with the server's current one. */
  refresh(): Promise<void>;
};

type Options = {
  configuredPath: string | null;
  binFolder: string;
  childBase: Record<string, string>;
  serversCopy: ServersCopy;
  clock: Clock;
  log: Log;
};

const LEAST_RESTIC = "0.18.0";
/** Text mixed into the JSON of `stats`. */
const UNFIT_VERSIONS = ["0.19.0"];
const FETCH_AGAIN_MS = 60_000;

function ownResticPath(binFolder: string): string {
  return join(binFolder, PLATFORM.os === "windows" ? "restic.exe" : "restic");
}

export function createResticFinder(options: Options): ResticFinder {
  const own = ownResticPath(options.binFolder);
  const { serversCopy } = options;
  let last: FoundRestic | null = null;
  let searching: Promise<FoundRestic> | null = null;
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let fetchProblem: string | null = null;

  async function tryCandidates(): Promise<FoundRestic> {
    const seen: ResticBinary[] = [];
    for (const path of candidates(options, own)) {
      const version = await versionOf(path, options.childBase);
      if (version === null) continue;
      if (isFit(version)) return { found: "ok", binary: { path, version } };
      seen.push({ path, version });
    }
    return noneFits(seen, serversCopy.may, fetchProblem);
  }

  async function searchNow(): Promise<FoundRestic> {
    let result = await tryCandidates();
    const due = options.clock.now() - fetchedAt >= FETCH_AGAIN_MS;
    if (result.found === "none" && serversCopy.may === "be_fetched" && due) {
      fetchedAt = options.clock.now();
      fetchProblem = await serversCopy.fetch(own);
      if (fetchProblem !== null)
        options.log.warn("Could not download restic from the server", { problem: fetchProblem });
      result = await tryCandidates();
    }
    if (JSON.stringify(result) !== JSON.stringify(last)) announce(result, options.log);
    last = result;
    return result;
  }

  const search = () => {
    searching ??= searchNow().finally(() => {
      searching = null;
    });
    return searching;
  };

  return {
    current: async () => (last?.found === "ok" && existsSync(last.binary.path) ? last : await search()),
    known: () => (last?.found === "ok" ? last.binary : null),
    search,
    async refresh() {
      if (last?.found !== "ok" || last.binary.path !== own || serversCopy.may !== "be_fetched") return;
      await serversCopy.fetch(own);
      await search();
    },
  };
}

function candidates(options: Options, own: string): string[] {
  const onPath = Bun.which("restic", { PATH: options.childBase.PATH ?? options.childBase.Path ?? "" });
  const paths = [options.configuredPath, existsSync(own) ? own : null, onPath];
  return [...new Set(paths.filter((path) => path !== null))];
}

function announce(result: FoundRestic, log: Log): void {
  if (result.found === "ok") log.info("Using restic", { path: result.binary.path, version: result.binary.version });
  else log.warn(resticProblem(result));
}

function noneFits(seen: ResticBinary[], may: ServersCopy["may"], fetchProblem: string | null): FoundRestic {
  const newest = seen[0];
  return {
    found: "none",
    code: newest ? "restic_too_old" : "restic_missing",
    problem: newest
      ? `restic ${newest.version} at ${newest.path} is not supported: use ${LEAST_RESTIC} or newer, but not 0.19.0`
      : "restic was not found on this host",
    remedy: remedyOf(may, fetchProblem),
  };
}

function remedyOf(may: ServersCopy["may"], fetchProblem: string | null): string {
  const install = `install restic ${LEAST_RESTIC} or newer from your distribution or from restic.net`;
  switch (may) {
    case "be_fetched":
      return fetchProblem === null ? install : `${install} (the server's own copy: ${fetchProblem})`;
    case "not_be_fetched":
      return `${install}, and set restic_path in agent.yaml if it is not on the PATH. This host does not download its server's copy (allow_update: false)`;
    case "wait":
      return `start the agent, which downloads its server's copy if there is one, or ${install}`;
  }
}

/** Problem and remedy in one text, as a job's error. */
export function resticProblem({ problem, remedy }: Extract<FoundRestic, { found: "none" }>): string {
  return `${problem}; ${remedy}`;
}

/** Whether this version is supported. */
function isFit(version: string): boolean {
  return !UNFIT_VERSIONS.includes(version) && Bun.semver.order(version, LEAST_RESTIC) >= 0;
}

/** A program's version; null when it cannot be run or is not restic. */
async function versionOf(path: string, env: Record<string, string>): Promise<string | null> {
  let stdout = "";
  const end = await runProcess({
    command: [path, "version", "--json"],
    env,
    signal: AbortSignal.timeout(10_000),
    killAfterMs: 1000,
    lowPriority: false,
    onStdout: (line) => {
      stdout += `${line}\n`;
    },
    onStderr: () => {},
  });
  if (!end.started || end.code !== 0) return null;
  return readVersion(stdout);
}

/** Before 0.17 the answer was text: `restic 0.14.0 compiled with go1.19.8 on linux/amd64`. */
export function readVersion(stdout: string): string | null {
  const json: v.InferOutput<typeof versionSchema> | null = readWhole(versionSchema, stdout);
  const found = json?.version ?? /^restic (\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1] ?? null;
  return found !== null && /^\d+\.\d+\.\d+/.test(found) ? found : null;
}
