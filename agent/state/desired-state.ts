/** The desired state of this host: applies it, keeps it over restarts (secrets separately, encrypted), and answers jobs from it. */

import type { Log } from "../../shared/log.ts";
import type { Credential } from "../../shared/protocol/fields.ts";
import type { DesiredRepo, DesiredSchedule, DesiredSourceGroup, DesiredState } from "../../shared/protocol/to-agent.ts";
import { type ToServerPayload, WHOLE_STATE } from "../../shared/protocol/to-server.ts";
import { type Redactor, redactUrlUserInfo } from "../../shared/redact.ts";
import { problemOfAddress, repoKindOf } from "../../shared/repos.ts";
import { parseCron } from "../../shared/time/cron.ts";
import type { Platform } from "../machine/platform.ts";
import { knowsZone } from "../machine/zoneinfo.ts";
import { accessOf, type RepoAccess, redactCredential, refusedNames } from "../restic/access.ts";
import { problemOfInclude, problemOfPattern } from "../restic/source-files.ts";
import type { Store } from "../store/store.ts";
import { clip } from "../words.ts";
import { findSecrets, NO_SECRETS, type Secrets, saveSecrets, setSecretsAside } from "./secrets.ts";

export type FoundRepo =
  | { found: "ok"; access: RepoAccess; compression: DesiredRepo["compression"] }
  /** The repo needs environment variables that this host does not accept. */
  | { found: "refused"; message: string }
  | { found: "missing" };

export type DesiredStateHolder = ReturnType<typeof createDesiredState>;

type Options = {
  store: Store;
  stateFolder: string;
  secretsKey: string;
  /** `allow_env` of agent.yaml */
  allowedEnv: readonly string[];
  os: Platform["os"];
  redactor: Redactor;
  log: Log;
  now: number;
};

type Problem = { path: string; message: string };

export function createDesiredState(options: Options) {
  const { store, redactor } = options;
  let state: DesiredState | null = readStored(store);
  let secrets = readSecrets(options);
  hide(secrets);

  return {
    /** Applies every state, older versions too, because the server may have been restored from a copy. */
    apply(next: DesiredState): ToServerPayload<"state.ack"> {
      const nextSecrets = secretsOf(next);
      hide(nextSecrets);
      try {
        saveSecrets(options.stateFolder, options.secretsKey, nextSecrets);
        store.notes.set("desired_state", JSON.stringify(withoutSecrets(next)));
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        options.log.error("Could not save the desired state", { problem: message });
        const errors = [{ path: WHOLE_STATE, message: clip(`it could not be saved on this host: ${message}`, 1000) }];
        return { state_version: state?.state_version ?? 0, digest: digestOf(state, secrets), errors };
      }
      state = withoutSecrets(next);
      secrets = nextSecrets;
      const errors = problemsOf(next, options);
      for (const { path, message } of errors) options.log.warn("Refused part of the desired state", { path, message });
      options.log.info("Desired state applied", { version: next.state_version, problems: errors.length });
      return { state_version: next.state_version, digest: next.digest, errors };
    },
    version: (): number | null => state?.state_version ?? null,
    /** null when the secrets were lost, so that the server sends everything again. */
    digest: (): string | null => digestOf(state, secrets),
    findRepo(repoId: string): FoundRepo {
      const repo = state?.repos.find((one) => one.repo_id === repoId);
      const credential = secrets.credentials[repoId];
      if (!repo || !credential) return { found: "missing" };
      const message = refusalOf(credential, options.allowedEnv);
      if (message !== null) return { found: "refused", message };
      return { found: "ok", access: accessOf(repoId, repo.name, credential), compression: repo.compression };
    },
    findSourceGroup: (id: string): DesiredSourceGroup | null =>
      state?.source_groups.find((group) => group.id === id) ?? null,
    repoIds: (): string[] => state?.repos.map((repo) => repo.repo_id) ?? [],
    /** restic's `--host`; null before the first state arrives. */
    resticHost: (): string | null => state?.restic_host ?? null,
    /** KiB/s */
    bandwidth: () => state?.bandwidth ?? { up_kbps: null, down_kbps: null },
    schedules: (): DesiredSchedule[] => state?.schedules ?? [],
    schedulesPaused: (): boolean => state?.schedules_paused ?? false,
    timezoneOverride: (): string | null => state?.timezone_override ?? null,
    roaming: (): boolean => state?.roaming ?? false,
    /** Shell scripts around this group's backups; kept in `secrets.enc` only. */
    hooksOf: (groupId: string): DesiredSourceGroup["hooks"] => secrets.hooks[groupId] ?? { pre: null, post: null },
    hookShell: (): string | null => state?.hook_shell ?? null,
    refusal: (credential: Credential): string | null => refusalOf(credential, options.allowedEnv),
  };

  /** From now on neither credentials nor hook scripts appear in a log. */
  function hide({ credentials, hooks }: Secrets): void {
    for (const credential of Object.values(credentials)) redactCredential(redactor, credential);
    for (const { pre, post } of Object.values(hooks)) redactor.add(...hookSecrets(pre), ...hookSecrets(post));
  }
}

/** A shell repeats lines of its script in errors. Shorter lines are ordinary words. */
const MIN_HOOK_LINE = 12;

function hookSecrets(script: string | null): string[] {
  if (script === null) return [];
  return [script, ...script.split("\n").map((line) => line.trim())].filter((text) => text.length >= MIN_HOOK_LINE);
}

function refusalOf(credential: Credential, allowed: readonly string[]): string | null {
  const problem = problemOfAddress(repoKindOf(credential.url), credential.url);
  if (problem !== null) return `This host does not accept the address of this repo. ${problem}`;
  const names = refusedNames(credential, allowed);
  if (names.length === 0) return null;
  return `This host does not accept the environment ${names.join(", ")} for this kind of repo: allow it in agent.yaml (allow_env) or remove it`;
}

function readStored(store: Store): DesiredState | null {
  const text = store.notes.find("desired_state");
  return text === null ? null : (JSON.parse(text) as DesiredState);
}

function readSecrets(options: Options): Secrets {
  const found = findSecrets(options.stateFolder, options.secretsKey);
  if (found.found === "ok") return found.secrets;
  if (found.found === "damaged") {
    options.log.error("secrets.enc is damaged and was moved aside: asking the server for the credentials again", {
      moved_to: setSecretsAside(options.stateFolder, options.now),
    });
  }
  return NO_SECRETS;
}

function digestOf(state: DesiredState | null, secrets: Secrets): string | null {
  return state !== null && secrets.digest === state.digest ? state.digest : null;
}

function secretsOf(state: DesiredState): Secrets {
  const credentials = state.repos.map((repo): [string, Credential] => [
    repo.repo_id,
    {
      url: repo.url,
      http_username: repo.http_username,
      http_password: repo.http_password,
      repo_password: repo.repo_password,
      env: repo.env,
    },
  ]);
  const hooks = state.source_groups.map((group): [string, DesiredSourceGroup["hooks"]] => [group.id, group.hooks]);
  return { digest: state.digest, credentials: Object.fromEntries(credentials), hooks: Object.fromEntries(hooks) };
}

function withoutSecrets(state: DesiredState): DesiredState {
  return {
    ...state,
    repos: state.repos.map((repo) => ({
      ...repo,
      url: redactUrlUserInfo(repo.url),
      http_username: null,
      http_password: null,
      repo_password: "",
      env: {},
    })),
    source_groups: state.source_groups.map((group) => ({ ...group, hooks: { pre: null, post: null } })),
  };
}

function problemsOf(state: DesiredState, options: Options): Problem[] {
  const problems: Problem[] = [];
  state.repos.forEach((repo, index) => {
    const message = refusalOf(repo, options.allowedEnv);
    if (message !== null) problems.push({ path: `repos[${index}].env`, message });
  });
  state.source_groups.forEach((group, index) => {
    const at = `source_groups[${index}]`;
    group.includes.forEach((path, i) => {
      const problem = problemOfInclude(path, options.os);
      if (problem) problems.push({ path: `${at}.includes[${i}]`, message: `This path is not backed up: ${problem}` });
    });
    group.excludes.forEach((pattern, i) => {
      const problem = problemOfPattern(pattern);
      if (problem) problems.push({ path: `${at}.excludes[${i}]`, message: `This pattern is ignored: ${problem}` });
    });
  });
  state.schedules.forEach((schedule, index) => {
    const parsed = parseCron(schedule.cron);
    if (!parsed.ok)
      problems.push({ path: `schedules[${index}].cron`, message: `This schedule never runs: ${parsed.problem}` });
    if (schedule.timezone === null || knowsZone(schedule.timezone)) return;
    const message = `This host does not know the time zone ${schedule.timezone} and uses UTC`;
    problems.push({ path: `schedules[${index}].timezone`, message });
  });
  return problems.slice(0, 100);
}
