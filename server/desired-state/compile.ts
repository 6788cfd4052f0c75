/** Builds a host's desired state: everything that it must know, in one document with a digest. */
import type { Db } from "../../db/open.ts";
import { findHost } from "../../db/queries/hosts.ts";
import { listReposOfHost } from "../../db/queries/repos.ts";
import { listSchedules, type Schedule } from "../../db/queries/schedules.ts";
import { listSourceGroups, listTargetRepoIds } from "../../db/queries/source-groups.ts";
import type { HostRow } from "../../db/schema/hosts.ts";
import type { RepoRow } from "../../db/schema/repos.ts";
import type { SourceGroupRow } from "../../db/schema/source-groups.ts";
import type { DesiredRepo, DesiredSchedule, DesiredSourceGroup, DesiredState } from "../../shared/protocol/to-agent.ts";
import type { Credentials } from "../repos/credentials.ts";
import type { Sealer } from "../runtime/seal.ts";
import type { HookPair, HookTexts } from "../source-groups/hook-texts.ts";

export type CompileDeps = {
  db: Db;
  sealer: Sealer;
  credentials: Credentials;
  hooks: Pick<HookTexts, "resolved">;
  updateKeys(): string[];
};

/** Without the version, which goes up with each change, and the digest. */
export type StateBody = Omit<DesiredState, "state_version" | "digest">;

/** Decrypts all secrets of the host. null for a host that no longer exists. */
export function compileBody({ db, credentials, hooks, updateKeys }: CompileDeps, hostId: string): StateBody | null {
  const host = findHost(db, hostId);
  if (!host) return null;
  const repos = listReposOfHost(db, hostId).flatMap((repo) => {
    const credential = credentials.inUse(repo.id, "everyday");
    return credential ? [asDesiredRepo(repo, credential)] : [];
  });
  const groups = listSourceGroups(db, hostId).map((group) =>
    asDesiredGroup(group, listTargetRepoIds(db, group), hooks.resolved(host, group)),
  );
  return {
    repos,
    source_groups: groups,
    schedules: listSchedules(db, hostId).map(asDesiredSchedule),
    ...hostFields(host),
    update_keys: updateKeys(),
  };
}

/** The digest is keyed with the server key, so that a stolen database cannot be used to test passwords. */
export function withDigest({ sealer }: Pick<CompileDeps, "sealer">, version: number, body: StateBody): DesiredState {
  const { repos, ...rest } = body;
  const state = { state_version: version, repos, ...rest };
  return { ...state, digest: sealer.digest("desired-state", JSON.stringify(state)) };
}

export function compileDesiredState(deps: CompileDeps, hostId: string): DesiredState | null {
  const body = compileBody(deps, hostId);
  const host = body && findHost(deps.db, hostId);
  return body && host ? withDigest(deps, host.stateVersion, body) : null;
}

function asDesiredRepo(
  repo: RepoRow,
  credential: Omit<DesiredRepo, "repo_id" | "name" | "compression" | "is_primary">,
): DesiredRepo {
  return {
    repo_id: repo.id,
    name: repo.name,
    ...credential,
    compression: repo.compression,
    is_primary: repo.isPrimary,
  };
}

function asDesiredGroup(group: SourceGroupRow, repoIds: string[], hooks: HookPair): DesiredSourceGroup {
  return {
    id: group.id,
    name: group.name,
    tag: group.tag,
    includes: group.includes,
    excludes: group.excludes,
    options: { exclude_caches: group.excludeCaches, one_file_system: group.oneFileSystem, log_files: group.logFiles },
    repo_ids: repoIds,
    retry: { max: group.retryMax, backoff_seconds: group.retryBackoffSeconds },
    hooks,
  };
}

function asDesiredSchedule(schedule: Schedule): DesiredSchedule {
  return {
    id: schedule.id,
    cron: schedule.cron,
    timezone: schedule.timezone,
    splay_minutes: schedule.splayMinutes,
    enabled: schedule.enabled,
    source_group_ids: [...schedule.groupIds].sort(),
  };
}

function hostFields(host: HostRow) {
  return {
    bandwidth: { up_kbps: host.bandwidthUpKbps, down_kbps: host.bandwidthDownKbps },
    hook_shell: host.hookShell,
    restic_host: host.resticHost,
    timezone_override: host.timezoneOverride,
    roaming: host.roaming,
    schedules_paused: host.schedulesPaused,
  };
}
