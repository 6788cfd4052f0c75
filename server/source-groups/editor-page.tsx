// Gathers the data of a source group's page: fields, schedules, repos, retention preview and hooks.
import type { Db } from "../../db/open.ts";
import { listReposOfHost } from "../../db/queries/repos.ts";
import { listSchedules } from "../../db/queries/schedules.ts";
import { listGroupSnapshots } from "../../db/queries/snapshots.ts";
import { hasBackups, listOwnRepoIds, listSourceGroups, listTargetRepoIds } from "../../db/queries/source-groups.ts";
import type { HostRow } from "../../db/schema/hosts.ts";
import type { SourceGroupRow } from "../../db/schema/source-groups.ts";
import { emptyForm, type FormState } from "../../shared/pages.ts";
import type { Retention } from "../../shared/retention.ts";
import type { RetentionPreview } from "../../shared/retention-preview.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { cronInWords } from "../../shared/time/cron-words.ts";
import { SourceGroupEditor } from "../../ui/source-groups/editor.tsx";
import type { HostHeads } from "../hosts/head.ts";
import { zoneOf } from "../hosts/rules.ts";
import { marksOf, type StoredForm } from "../http/conflicts.ts";
import type { PageCall, PageMaker } from "../http/page-maker.ts";
import type { PendingConfirmations } from "./confirmations.ts";
import { readRetention } from "./form.ts";
import type { Hooks } from "./hooks.ts";
import { newGroup } from "./new-group.ts";
import { countConflicts, previewRetention } from "./preview.ts";
import { removalInWords } from "./removals.ts";
import { storedGroup } from "./stored-form.ts";

export type EditorPageDeps = {
  db: Db;
  clock: Clock;
  pages: PageMaker;
  heads: HostHeads;
  confirmations: PendingConfirmations;
  hooks: Hooks;
};

export type EditorPage = {
  /** `hooksForm` is a refused form of the hooks. */
  show(
    call: PageCall,
    hostId: string,
    group: SourceGroupRow | null,
    form: FormState,
    more?: { status?: number; hooksForm?: FormState },
  ): Response;
  /** The group as its form would submit it. */
  stored(group: SourceGroupRow): StoredForm;
  preview(host: HostRow, group: SourceGroupRow | null, retention: Retention): RetentionPreview;
};

export function createEditorPage({ db, clock, pages, heads, confirmations, hooks }: EditorPageDeps): EditorPage {
  const schedulesOf = (host: HostRow, group: SourceGroupRow | null) =>
    group === null ? [] : listSchedules(db, host.id).filter((schedule) => schedule.groupIds.includes(group.id));

  const preview: EditorPage["preview"] = (host, group, retention) =>
    previewRetention({
      retention,
      schedules:
        group === null
          ? listSchedules(db, host.id).slice(0, 1)
          : schedulesOf(host, group).filter(({ enabled }) => enabled),
      hostZone: zoneOf(host),
      now: clock.now(),
      existing:
        group === null
          ? []
          : listGroupSnapshots(db, listTargetRepoIds(db, group).slice(0, 1), host.resticHost, group.tag),
    });

  const stored: EditorPage["stored"] = (group) =>
    storedGroup(group, {
      repos: listReposOfHost(db, group.hostId),
      ownRepoIds: listOwnRepoIds(db, group.id),
      isTagFixed: hasBackups(db, group.id),
    });

  return {
    preview,
    stored,
    show(call, hostId, group, form, { status = 200, hooksForm = emptyForm } = {}) {
      const view = pages.view(call);
      const { head, host, repos } = heads.read(hostId);
      const users = schedulesOf(host, group);
      const typed = Object.keys(form.values).length > 0;
      const retention = typed ? readRetention((rule) => form.values[rule] ?? "").retention : null;
      const fields = group ?? { ...newGroup(host.os, []), id: null };
      const shown = preview(host, group, retention ?? fields.retention);
      const own = group ? listOwnRepoIds(db, group.id) : [];
      const hostHooks = view.viewer?.role === "admin" && group ? hooks.ofHost(hostId) : null;
      const page = (
        <SourceGroupEditor
          view={view}
          host={host}
          group={fields}
          isTagFixed={group !== null && hasBackups(db, group.id)}
          last={head.groups.find(({ id }) => id === group?.id)?.last ?? { status: "never" }}
          schedules={users.filter(({ enabled }) => enabled).map(({ cron }) => cronInWords(cron))}
          repos={repos.map((repo) => ({ ...repo, chosen: own.includes(repo.id) }))}
          preview={shown}
          conflicts={countConflicts(shown)}
          problems={head.problems.filter((problem) => problem.is === "group" && problem.id === group?.id)}
          held={group && group.retentionHeldSince !== null ? removalInWords(confirmations.removal(group), host) : null}
          seen={group && { updatedAt: group.updatedAt, marks: marksOf(stored(group)) }}
          form={form}
          undeletable={
            group
              ? undeletable(
                  users.map(({ cron }) => cron),
                  listSourceGroups(db, hostId).length,
                )
              : null
          }
          hooks={
            hostHooks && group
              ? {
                  os: host.os,
                  allowed: hooks.allowed(host),
                  ...hooks.ofGroup(hostId, group.id),
                  byDefault: { pre: hostHooks.pre !== null, post: hostHooks.post !== null },
                  form: hooksForm,
                }
              : null
          }
        />
      );
      return pages.page(call.c, view, page, status);
    },
  };
}

function undeletable(crons: readonly string[], groups: number) {
  if (groups <= 1) return <p>A host needs at least one source group. Edit this one, or archive the host.</p>;
  if (crons.length === 0) return null;
  return (
    <p>
      {crons.length === 1 ? "This schedule still runs it: " : "These schedules still run it: "}
      {crons.map((cron) => `“${cronInWords(cron)}”`).join(", ")}. Remove it there first.
    </p>
  );
}
