/** Everything that a host must know, gathered into one document with a digest. */
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
import type { HookPair, Hooks } from "../source-groups/hooks.ts";

export type CompileDeps = {
  db: Db;
  sealer: Sealer;
  credentials: Credentials;
  hooks: Pick<Hooks, "resolved">;
  updateKeys(): string[];
};

/** null for a host that is gone. The digest is opaque without the server key: a stolen database is no oracle for passwords. */
export function compileDesiredState(
  { db, sealer, credentials, hooks, updateKeys }: CompileDeps,
  hostId: string,
): DesiredState | null {
  const host = findHost(db, hostId);
  if (!host) return null;
  const repos = listReposOfHost(db, hostId).flatMap((repo) => {
    const credential = credentials.inUse(repo.id, "everyday");
    return credential ? [asDesiredRepo(repo, credential)] : [];
  });
  const groups = listSourceGroups(db, hostId).map((group) =>
    asDesiredGroup(group, listTargetRepoIds(db, group), hooks.resolved(host, group)),
  );
  const body: Omit<DesiredState, "digest"> = {
    state_version: host.stateVersion,
    repos,
    source_groups: groups,
    schedules: listSchedules(db, hostId).map(asDesiredSchedule),
    ...hostFields(host),
    update_keys: updateKeys(),
  };
  return { ...body, digest: sealer.digest("desired-state", JSON.stringify(body)) };
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
