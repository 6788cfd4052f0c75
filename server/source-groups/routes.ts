/** REST: source groups of a host, and their hooks. */
import * as v from "valibot";
import type { Db } from "../../db/open.ts";
import { findHost } from "../../db/queries/hosts.ts";
import {
  listOwnRepoIds,
  listSourceGroups,
  listTargetRepoIds,
  listTargetsOfHost,
} from "../../db/queries/source-groups.ts";
import type { BackupTargetRow, SourceGroupRow } from "../../db/schema/source-groups.ts";
import { listOf, noBody } from "../http/answers.ts";
import { notFound } from "../http/errors.ts";
import { iso } from "../http/lists.ts";
import { type Route, route } from "../http/routes.ts";
import { groupHooksAnswer, hostHooksAnswer, sourceGroupAnswer, UNSENDABLE } from "./answers.ts";
import type { PendingConfirmations } from "./confirmations.ts";
import { sourceGroupBody } from "./fields.ts";
import type { SourceGroups } from "./groups.ts";
import { type Hooks, hookField, shellField } from "./hooks.ts";

export type SourceGroupRouteDeps = { db: Db; groups: SourceGroups; confirmations: PendingConfirmations; hooks: Hooks };

const GROUP_ERRORS = { ...UNSENDABLE, 409: ["name_taken", ...UNSENDABLE[409]] };
const HOOK_ERRORS = { ...UNSENDABLE, 409: ["host_archived", ...UNSENDABLE[409]] };

export function sourceGroupRoutes({ db, groups, confirmations, hooks }: SourceGroupRouteDeps): Route[] {
  const show = (group: SourceGroupRow) =>
    groupBody(group, listOwnRepoIds(db, group.id), listTargetRepoIds(db, group), listTargetsOfHost(db, group.hostId));
  const base = "/api/hosts/:id/source-groups";
  return [
    route({
      method: "GET",
      path: base,
      access: "viewer",
      summary: "Source groups of a host",
      answers: { 200: listOf(sourceGroupAnswer) },
      handle: ({ c, params }) => {
        if (!findHost(db, params["id"] ?? "")) throw notFound("host");
        const items = listSourceGroups(db, params["id"] ?? "").map(show);
        return c.json({ items, total: items.length });
      },
    }),
    route({
      method: "POST",
      path: base,
      access: "operator",
      action: "source_group.created",
      summary: "Create a source group",
      example: {
        name: "documents",
        includes: ["/home"],
        excludes: ["*.tmp"],
        retention: { keep_within: "14d", keep_within_monthly: "1y" },
      },
      answers: { 201: sourceGroupAnswer },
      errors: GROUP_ERRORS,
      body: sourceGroupBody,
      handle: ({ c, params, body, actor }) => c.json(show(groups.create(actor, params["id"] ?? "", body)), 201),
    }),
    route({
      method: "GET",
      path: `${base}/:gid`,
      access: "viewer",
      summary: "One source group",
      answers: { 200: sourceGroupAnswer },
      handle: ({ c, params }) => c.json(show(groups.get(params["id"] ?? "", params["gid"] ?? ""))),
    }),
    route({
      method: "PUT",
      path: `${base}/:gid`,
      access: "operator",
      action: "source_group.updated",
      summary: "Change a source group; fields that are left out stay",
      example: { excludes: ["*.tmp", "/home/*/.cache"] },
      answers: { 200: sourceGroupAnswer },
      errors: { ...GROUP_ERRORS, 409: [...GROUP_ERRORS[409], "removes_snapshots"] },
      body: sourceGroupBody,
      handle: ({ c, params, body, actor }) =>
        c.json(show(groups.update(actor, params["id"] ?? "", params["gid"] ?? "", body))),
    }),
    route({
      method: "DELETE",
      path: `${base}/:gid`,
      access: "operator",
      action: "source_group.deleted",
      summary: "Delete a source group; its snapshots stay",
      answers: noBody,
      errors: { 409: ["in_use", "last_group"] },
      handle: ({ c, params, actor }) => {
        groups.remove(actor, params["id"] ?? "", params["gid"] ?? "");
        return c.body(null, 204);
      },
    }),
    route({
      method: "POST",
      path: `${base}/:gid/confirm-retention`,
      access: "operator",
      action: "source_group.retention_confirmed",
      summary: "Confirm that the group's retention may remove existing snapshots",
      answers: { 200: sourceGroupAnswer },
      body: v.strictObject({}),
      handle: ({ c, params, actor }) =>
        c.json(show(confirmations.confirm(actor, params["id"] ?? "", params["gid"] ?? ""))),
    }),
    route({
      method: "PUT",
      path: `${base}/:gid/hooks`,
      access: "admin",
      action: "source_group.hooks_changed",
      summary: "Set the group's hooks; null: the host's default",
      example: { pre: "pg_dumpall --file /var/backups/all.sql", post: null },
      answers: { 200: groupHooksAnswer },
      errors: HOOK_ERRORS,
      body: v.strictObject({ pre: hookField, post: hookField }),
      handle: ({ c, params, body, actor }) => {
        hooks.setOfGroup(actor, params["id"] ?? "", params["gid"] ?? "", body);
        return c.json(hooks.ofGroup(params["id"] ?? "", params["gid"] ?? ""));
      },
    }),
    route({
      method: "GET",
      path: `${base}/:gid/hooks`,
      access: "admin",
      summary: "The group's hooks",
      answers: { 200: groupHooksAnswer },
      handle: ({ c, params }) => c.json(hooks.ofGroup(params["id"] ?? "", params["gid"] ?? "")),
    }),
    route({
      method: "PUT",
      path: "/api/hosts/:id/hooks",
      access: "admin",
      action: "host.hooks_changed",
      summary: "Set the default hooks of the host, and the shell",
      example: { pre: null, post: "/usr/local/bin/backup-done", hook_shell: "/bin/bash" },
      answers: { 200: hostHooksAnswer },
      errors: HOOK_ERRORS,
      body: v.strictObject({ pre: hookField, post: hookField, hook_shell: shellField }),
      handle: ({ c, params, body, actor }) => {
        hooks.setOfHost(actor, params["id"] ?? "", body);
        return c.json(hooks.ofHost(params["id"] ?? ""));
      },
    }),
    route({
      method: "GET",
      path: "/api/hosts/:id/hooks",
      access: "admin",
      summary: "The host's default hooks and the shell",
      answers: { 200: hostHooksAnswer },
      handle: ({ c, params }) => c.json(hooks.ofHost(params["id"] ?? "")),
    }),
  ];
}

function groupBody(
  group: SourceGroupRow,
  ownRepoIds: string[],
  repoIds: string[],
  targets: readonly BackupTargetRow[],
) {
  return {
    id: group.id,
    host_id: group.hostId,
    name: group.name,
    tag: group.tag,
    includes: group.includes,
    excludes: group.excludes,
    exclude_caches: group.excludeCaches,
    one_file_system: group.oneFileSystem,
    log_files: group.logFiles,
    retention: group.retention,
    retention_held_since: iso(group.retentionHeldSince),
    retry_max: group.retryMax,
    retry_backoff_seconds: group.retryBackoffSeconds,
    repo_ids: ownRepoIds,
    has_pre_hook: group.preHook !== null,
    has_post_hook: group.postHook !== null,
    targets: repoIds.map((repoId) => {
      const target = targets.find((t) => t.sourceGroupId === group.id && t.repoId === repoId);
      return {
        repo_id: repoId,
        last_job_id: target?.lastJobId ?? null,
        last_status: target?.lastStatus ?? null,
        last_warnings: target?.lastWarnings ?? 0,
        last_at: iso(target?.lastAt ?? null),
        last_success_at: iso(target?.lastSuccessAt ?? null),
      };
    }),
    created_at: iso(group.createdAt),
    updated_at: iso(group.updatedAt),
  };
}
