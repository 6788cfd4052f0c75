/** Turns the end of a restic command (exit code, stderr) into a status and one sentence. Pure. */
import type { ErrorCode } from "../../shared/jobs.ts";
import type { ResticOrder } from "./argv.ts";
import { damageAdvice } from "./damage.ts";

export type CommandEnd = {
  order: ResticOrder["do"];
  /** null when a signal ended the process. */
  code: number | null;
  /** We ended it ourselves. */
  stoppedByUs: boolean;
  /** restic's messages about the failure, including its last line. */
  stderr: string[];
};

export type Judgement =
  | { is: "ok" }
  /** The snapshot was saved, but some of the files could not be read. */
  | { is: "incomplete" }
  | { is: "stopped" }
  /** `lasts`: waiting does not help. */
  | { is: "failed"; code: ErrorCode; message: string; lasts?: true };

/** `lasts`: retrying for minutes, as restic does, does not help. */
type Rule = { code: ErrorCode; pattern: RegExp; message: string; lasts?: true };

const EXIT_CODES: Record<number, { code: ErrorCode; message: string }> = {
  10: {
    code: "repo_missing",
    message: "There is no repository at this address: check the URL, or whether the disk behind it is mounted",
  },
  11: {
    code: "repo_locked",
    message:
      "The repository is locked by another restic process: wait until it ends, or run unlock if it is no longer running",
  },
  12: {
    code: "wrong_password",
    message: "The repository password is wrong: enter the password this repository was created with",
  },
};

const FORBIDDEN = /\(403\)|403 Forbidden|AccessDenied|Access Denied/i;

/** Tried in order on restic's messages. */
const RULES: Rule[] = [
  {
    code: "repo_locked",
    pattern: /invalid lock file/i,
    message:
      "A lock file in the repository cannot be read: make sure that no restic process is using this repository, then run restic unlock --remove-all",
    lasts: true,
  },
  {
    code: "repo_full",
    pattern: /507 Insufficient Storage|no space left on device|disk quota exceeded|not enough space on the disk/i,
    message: "The repository's disk or quota is full: free up space there, then run the job again",
  },
  {
    code: "unauthorised",
    pattern:
      /\(401\)|401 Unauthorized|invalid credentials|unable to authenticate|InvalidAccessKeyId|SignatureDoesNotMatch|access key id you provided does not exist|request signature we calculated does not match|b2_authorize_account: 401/i,
    message:
      "The repo server rejected the username, password or key: add the user there (htpasswd) or correct the credential",
    lasts: true,
  },
  {
    code: "repo_missing",
    pattern: /specified (bucket|container) does not exist|NoSuchBucket|ContainerNotFound|bucket doesn't exist/i,
    message: "There is no bucket or container with this name: check the address and the region",
    lasts: true,
  },
  {
    code: "permission_denied",
    pattern: FORBIDDEN,
    message: "The repo server denied access: check the user's permissions there",
  },
  {
    code: "repo_unreachable",
    pattern: /x509:|certificate (is|has|signed|verif)/i,
    message:
      "This host does not trust the repo server's certificate: install its certificate authority, or correct the URL",
    lasts: true,
  },
  {
    code: "repo_unreachable",
    pattern: /tls: /i,
    message: "Could not connect to the repo server by TLS: check that it serves TLS there, and read its log",
  },
  {
    code: "repo_unreachable",
    pattern:
      /connection refused|no such host|network is unreachable|no route to host|i\/o timeout|request timeout|connection reset|deadline exceeded|server misbehaving|handshake timeout|connection timed out|unexpected EOF|actively refused/i,
    message: "The repo server does not answer: check that it is running and that this host can reach it",
  },
  {
    code: "no_paths",
    pattern: /all source directories\/files do not exist|all target directories\/files do not exist/i,
    message:
      "None of this source group's paths exist on this host: correct the paths, or mount the missing file systems",
  },
  {
    code: "permission_denied",
    pattern: /permission denied|access is denied|operation not permitted|read-only file system/i,
    message: "Permission denied: check the owner and permissions of the path named in the log",
  },
];

/** The answer of an append-only server to `forget` and `prune`. */
const DELETE_REFUSED: Rule = {
  code: "append_only",
  pattern: FORBIDDEN,
  message:
    "The repo server does not let this credential delete: enter an admin credential that may delete, then run the job again",
};
const DELETING = new Set<ResticOrder["do"]>(["forget", "prune"]);

const INTERRUPTED = 130;

export function judge(end: CommandEnd): Judgement {
  if (end.code === 0) return { is: "ok" };
  if (end.stoppedByUs) return { is: "stopped" };
  if (end.code === 3 && end.order === "backup") return { is: "incomplete" };
  const known = end.code === null ? undefined : EXIT_CODES[end.code];
  if (known) return { is: "failed", ...known };
  if (end.code === INTERRUPTED || end.code === null) {
    return { is: "failed", code: "restic_failed", message: "restic was killed by a signal: run the job again" };
  }
  if (DELETING.has(end.order) && deleteRefused(end.stderr)) {
    return { is: "failed", code: DELETE_REFUSED.code, message: DELETE_REFUSED.message };
  }
  const last = end.stderr.at(-1) ?? "";
  const recent = end.stderr.slice(-20).join("\n");
  const damage = damageAdvice(last) ?? damageAdvice(recent);
  if (damage !== null) return { is: "failed", code: "repo_damaged", message: damage };
  const rule = ruleFor(last) ?? ruleFor(recent);
  if (rule) return failureOf(rule);
  const said = last
    .split("\n")[0]
    ?.replace(/^(Fatal: )+/, "")
    .trim();
  return {
    is: "failed",
    code: "restic_failed",
    message: said ? `restic failed: ${said}` : `restic failed with exit code ${end.code}: see the job's log`,
  };
}

/** The first file that every command loads. */
const RETRY_NOTICE = /^(?:Stat|Load)\(<config\/>\) returned error, retrying after [^:]+: (.+)/;

/** For a line in which restic announces another try to open the repository: the failure, if no further try can help; else null. */
export function lastingFailure(line: string): Extract<Judgement, { is: "failed" }> | null {
  const cause = RETRY_NOTICE.exec(line)?.[1];
  const rule = cause === undefined ? undefined : ruleFor(cause);
  return rule?.lasts ? failureOf(rule) : null;
}

function failureOf({ code, message, lasts }: Rule): Extract<Judgement, { is: "failed" }> {
  return { is: "failed", code, message, ...(lasts ? { lasts } : {}) };
}

/** Whether a finding is about access to the repository (a lock, the network, permissions), not about its data. */
export function isOutsideTrouble(words: string): boolean {
  return damageAdvice(words) === null && ruleFor(words) !== undefined;
}

/** Whether the server refused a delete, even where restic exits with 0 (forget in 0.18). */
export function deleteRefused(stderr: readonly string[]): boolean {
  return stderr.some((words) => DELETE_REFUSED.pattern.test(words));
}

/** The final error decides, or the retry notices before it when it matches nothing. */
function ruleFor(words: string): Rule | undefined {
  return RULES.find(({ pattern }) => pattern.test(words));
}
