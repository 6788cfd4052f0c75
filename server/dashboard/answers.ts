/** What REST answers about hosts and the fleet. */
import * as v from "valibot";
import { HOST_STATUSES } from "../../shared/hosts.ts";
import { JOB_STATUSES, WARNING_CODES } from "../../shared/jobs.ts";
import { REPO_STATUSES } from "../../shared/repos.ts";
import { count, countOrNull, id, named, sized, textLike, textOrNull, time, timeOrNull } from "../http/answers.ts";

export const fleetAnswer = named(
  "FleetSummary",
  v.strictObject({
    hosts: v.strictObject({ total: sized(12), online: sized(11), degraded: count, offline: sized(1) }),
    protected_24h: sized(11),
    repo_size_bytes: sized(412_316_860_416),
    snapshots: sized(1_204),
    jobs_running: count,
    jobs_waiting: count,
    backups_24h: v.strictObject({
      succeeded: sized(22),
      failed: count,
      saved_nothing: v.pipe(count, v.description("Of those that succeeded: without a single file.")),
    }),
  }),
);

const target = v.strictObject({
  repo_id: id,
  last_status: v.nullable(v.picklist(JOB_STATUSES)),
  last_at: timeOrNull,
  last_job_id: v.nullable(id),
  last_success_at: timeOrNull,
  last_warnings: count,
  last_warning_causes: v.array(v.strictObject({ code: v.picklist(WARNING_CODES), count })),
});

export const hostAnswer = named(
  "Host",
  v.strictObject({
    id,
    name: textLike("web-01"),
    restic_host: v.pipe(textLike("web-01"), v.description("restic's --host; fixed at enrolment.")),
    status: v.picklist(HOST_STATUSES),
    os: v.picklist(["linux", "windows"]),
    arch: v.picklist(["x64", "arm64"]),
    agent_version: textLike("0.2.0"),
    restic_version: textOrNull,
    timezone: textLike("Europe/Berlin"),
    timezone_override: textOrNull,
    tags: v.array(textLike("prod")),
    roaming: v.boolean(),
    bandwidth: v.strictObject({ up_kbps: countOrNull, down_kbps: countOrNull }),
    enrolled_at: time,
    archived_at: timeOrNull,
    last_seen_at: timeOrNull,
    last_backup_at: timeOrNull,
    next_run_at: timeOrNull,
    repo_size_bytes: countOrNull,
    snapshot_count: sized(58),
    state_version: count,
    applied_state_version: countOrNull,
    in_sync: v.boolean(),
    drift_since: timeOrNull,
    state_errors: v.pipe(
      v.array(
        v.strictObject({
          path: v.string(),
          message: v.string(),
          about: v.nullable(
            v.strictObject({
              kind: v.picklist(["source_group", "repo", "schedule"]),
              id,
              field: v.string(),
              value: textOrNull,
            }),
          ),
        }),
      ),
      v.description("What the host could not use of its settings."),
    ),
    current_job_id: v.nullable(id),
    capabilities: v.array(textLike("backup")),
    protected_24h: v.boolean(),
    repos: v.array(
      v.strictObject({
        id,
        name: textLike("main"),
        status: v.picklist(REPO_STATUSES),
        status_code: textOrNull,
        is_primary: v.boolean(),
      }),
    ),
    source_groups: v.array(
      v.strictObject({ id, name: textLike("documents"), is_scheduled: v.boolean(), targets: v.array(target) }),
    ),
    unit: v.pipe(
      v.nullable(v.strictObject({ version: count, lacks: v.array(v.string()) })),
      v.description("The agent's systemd unit; null while the host is offline or its agent does not say."),
    ),
  }),
);
