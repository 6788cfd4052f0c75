/** Runs one restic command on one repository: binary, environment, output as it arrives, and what its end means. */
import { newId } from "../../shared/ids.ts";
import type { ErrorCode } from "../../shared/jobs.ts";
import { PLATFORM } from "../machine/platform.ts";
import { clip } from "../words.ts";
import { environmentOf, type RepoAccess } from "./access.ts";
import { argvOf, type ResticOrder, timeZoneOf } from "./argv.ts";
import { type ResticBinary, type ResticFinder, resticProblem } from "./binary.ts";
import { type Judgement, judge, lastingFailure } from "./exit.ts";
import { cleanText, isStackLine, type ResticLine, readLine } from "./output.ts";
import type { TransientUnit } from "./outside.ts";
import { type ChildIdentity, runProcess } from "./run.ts";

export type ResticUse = {
  signal: AbortSignal;
  /** Each line as it arrives, parsed. With `capture`, stdout is collected instead. */
  onLine?(line: ResticLine, stream: "stdout" | "stderr"): void;
  capture?: boolean;
  onStart?(child: ChildIdentity, command: string[], binary: ResticBinary): void;
  /** Names the unit outside the sandbox. */
  jobId?: string;
};

export type ResticResult = {
  judgement: Judgement;
  exitCode: number | null;
  /** With `capture` only. */
  stdout: string;
  /** The last lines of stderr, with restic's final error at the end. */
  stderr: string[];
  /** Ids of snapshots that restic found but could not read. */
  unreadable: string[];
  /** restic's final error message */
  lastError: string | null;
  durationMs: number;
};

export type Restic = {
  run(order: ResticOrder, access: RepoAccess, use: ResticUse): Promise<ResticResult>;
};

type Options = {
  finder: ResticFinder;
  childBase: Record<string, string>;
  cacheFolder: string;
  tempFolder: string;
  lowPriority: boolean;
  killAfterMs: number;
  /** The unit in which restic must run for this repository; null: below the agent. */
  outside(access: RepoAccess, id: string): TransientUnit | null;
};

const STDERR_LINES_KEPT = 50;
/** The second comes a second or two after the first. */
const ENOUGH_REFUSALS = 2;
/** `Ignoring "439d…": failed to load snapshot 439d3d25: …`, from every command that looks at all snapshots. */
const IGNORED_SNAPSHOT = /^Ignoring "([0-9a-f]{64})": failed to load snapshot/;
const MAX_UNREADABLE = 1000;
const MAX_CAPTURED = 256 * 1024 * 1024;

export function createRestic(options: Options): Restic {
  return {
    async run(order, access, use) {
      const found = await options.finder.current();
      if (found.found === "none") return failure(found.code, resticProblem(found));
      const result = await runWith(found.binary, order, access, use, options);
      if (result.judgement.is === "failed") void options.finder.search();
      return result;
    },
  };
}

async function runWith(
  binary: ResticBinary,
  order: ResticOrder,
  access: RepoAccess,
  use: ResticUse,
  options: Options,
): Promise<ResticResult> {
  const argv = argvOf(order);
  const stderr: string[] = [];
  const captured: string[] = [];
  const unreadable: string[] = [];
  let capturedChars = 0;
  let finalWords: string | null = null;
  // restic would retry for 15 minutes with the same result, but people want to know now what is wrong.
  const hopeless = new AbortController();
  let lasting: Judgement | null = null;
  let refusals = 0;

  const end = await runProcess({
    command: [binary.path, ...argv],
    env: {
      ...options.childBase,
      ...temp(options.tempFolder),
      ...clock(order),
      ...environmentOf(access, options.cacheFolder),
    },
    signal: AbortSignal.any([use.signal, hopeless.signal]),
    killAfterMs: options.killAfterMs,
    lowPriority: options.lowPriority,
    outside: options.outside(access, use.jobId ?? newId()),
    ...(use.capture ? { maxLineBytes: MAX_CAPTURED } : {}),
    onStart: (child) => use.onStart?.(child, ["restic", ...argv], binary),
    onStdout(line) {
      if (!use.capture) return use.onLine?.(readLine(line), "stdout");
      capturedChars += line.length;
      if (capturedChars <= MAX_CAPTURED) captured.push(line);
    },
    onStderr(line) {
      const text = cleanText(line);
      if (isStackLine(text)) return;
      const read = readLine(line);
      if (read.is === "exit_error") finalWords = read.exitError.message.trim();
      else if (text !== "") stderr.push(clip(text, 4096));
      if (stderr.length > STDERR_LINES_KEPT) stderr.shift();
      const ignored = IGNORED_SNAPSHOT.exec(text)?.[1];
      if (ignored !== undefined && unreadable.length < MAX_UNREADABLE) unreadable.push(ignored);
      const refusal = lastingFailure(text);
      // A server that is reloading its users or certificate may refuse once.
      if (refusal !== null && ++refusals === ENOUGH_REFUSALS) {
        lasting = refusal;
        hopeless.abort();
      }
      use.onLine?.(read, "stderr");
    },
  });

  if (!end.started) return failure("restic_missing", `restic could not be started: ${end.problem}`);
  const said = finalWords === null ? stderr : [...stderr, finalWords];
  return {
    judgement:
      lasting !== null && !use.signal.aborted
        ? lasting
        : judge({ order: order.do, code: end.code, stoppedByUs: end.stoppedByUs, stderr: said }),
    exitCode: end.code,
    stdout: captured.join("\n"),
    stderr: said,
    unreadable,
    lastError: said.at(-1) ?? null,
    durationMs: end.durationMs,
  };
}

/** restic writes packs to a temporary folder before it sends them. */
function temp(folder: string): Record<string, string> {
  return PLATFORM.os === "windows" ? { TEMP: folder, TMP: folder } : { TMPDIR: folder };
}

function clock(order: ResticOrder): Record<string, string> {
  const zone = timeZoneOf(order);
  return zone === null ? {} : { TZ: zone };
}

function failure(code: ErrorCode, message: string): ResticResult {
  return {
    judgement: { is: "failed", code, message },
    exitCode: null,
    stdout: "",
    stderr: [],
    unreadable: [],
    lastError: null,
    durationMs: 0,
  };
}
