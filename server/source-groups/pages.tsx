// Pages: a host's source groups, the editor with its preview, hooks and confirmations.
import { findHost } from "../../db/queries/hosts.ts";
import { listSchedules } from "../../db/queries/schedules.ts";
import { listSourceGroups } from "../../db/queries/source-groups.ts";
import { emptyForm, type FormState } from "../../shared/pages.ts";
import { cronInWords } from "../../shared/time/cron-words.ts";
import { hostPath } from "../../ui/links.ts";
import { RetentionLanes } from "../../ui/source-groups/lanes.tsx";
import { SourcesTab } from "../../ui/source-groups/tab.tsx";
import { collisionOf, lastChangeInWords, takeTheirs } from "../http/conflicts.ts";
import { notFound } from "../http/errors.ts";
import { attempt, textOf, typedValues } from "../http/forms.ts";
import { type FormBody, formRoute, type Route, route } from "../http/routes.ts";
import { createEditorPage, type EditorPageDeps } from "./editor-page.tsx";
import { inputOf, readRetention } from "./form.ts";
import type { SourceGroups } from "./groups.ts";
import { newGroup } from "./new-group.ts";

export type SourceGroupPageDeps = EditorPageDeps & { groups: SourceGroups };

export function sourceGroupPages(deps: SourceGroupPageDeps): Route[] {
  const { db, pages, heads, groups, confirmations, hooks } = deps;
  const editor = createEditorPage(deps);
  const base = "/hosts/:id/sources";
  const getHost = (id: string) => {
    const host = findHost(db, id);
    if (!host) throw notFound("host");
    return host;
  };
  return [
    route({
      method: "GET",
      path: base,
      access: "viewer",
      summary: "Page: source groups of a host",
      handle: (call) => {
        const view = pages.view(call);
        const { head, host } = heads.read(call.params.id ?? "");
        const schedules = listSchedules(db, host.id).filter(({ enabled }) => enabled && !host.schedulesPaused);
        const lines = listSourceGroups(db, head.id).map((group) => {
          const shown = head.groups.find((one) => one.id === group.id);
          const users = schedules.filter(({ groupIds }) => groupIds.includes(group.id));
          return {
            ...group,
            last: shown?.last ?? { status: "never" as const },
            outcomes: shown?.outcomes ?? [],
            schedules: users.map(({ cron }) => cronInWords(cron)),
          };
        });
        return pages.page(call.c, view, <SourcesTab view={view} host={head} groups={lines} />);
      },
    }),
    route({
      method: "GET",
      path: `${base}/new`,
      access: "operator",
      summary: "Page: a new source group",
      handle: (call) => editor.show(call, call.params.id ?? "", null, emptyForm),
    }),
    route({
      method: "GET",
      path: `${base}/retention`,
      access: "operator",
      summary: "Page part: a preview of what a retention policy keeps over the coming year",
      handle: (call) => {
        const { c, params } = call;
        const host = getHost(params.id ?? "");
        const groupId = c.req.query("group");
        const group = groupId ? groups.get(host.id, groupId) : null;
        const { retention, errors, values } = readRetention((rule) => (c.req.query(rule) ?? "").slice(0, 20));
        const lanes = (
          <RetentionLanes
            form={{ values, errors }}
            retention={retention}
            preview={editor.preview(host, group, retention)}
            previewPath={`${hostPath(host.id, "sources")}/retention${group ? `?group=${group.id}` : ""}`}
          />
        );
        return pages.page(c, pages.view(call), lanes);
      },
    }),
    formRoute({
      method: "POST",
      path: `${base}/new`,
      access: "operator",
      action: "source_group.created",
      summary: "Page: a new source group",
      handle: async (call) => {
        const { c, params, body, actor } = call;
        const id = params.id ?? "";
        if ("preview" in body) return editor.show(call, id, null, typedOnly(body));
        const host = getHost(id);
        const made = await attempt(body, () => groups.create(actor, id, inputOf(body, newGroup(host.os, []), host.os)));
        if (!made.ok) return editor.show(call, id, null, withTagAtName({ ...made.form, values: typedOf(body) }), made);
        return pages.done(c, hostPath(id, "sources"), {
          tone: "ok",
          text: `Source group ${made.value.name} added. Add it to a schedule to run it automatically.`,
          link: { href: hostPath(id, "schedules"), label: "Schedules" },
        });
      },
    }),
    route({
      method: "GET",
      path: `${base}/:gid`,
      access: "operator",
      summary: "Page: edit a source group",
      handle: (call) => {
        const { id = "", gid = "" } = call.params;
        return editor.show(call, id, groups.get(id, gid), emptyForm);
      },
    }),
    formRoute({
      method: "POST",
      path: `${base}/:gid`,
      access: "operator",
      action: "source_group.updated",
      summary: "Page: edit a source group",
      handle: async (call) => {
        const { c, params, body, actor } = call;
        const { id = "", gid = "" } = params;
        const group = groups.get(id, gid);
        if ("preview" in body) return editor.show(call, id, group, typedOnly(body));
        const host = getHost(id);
        const stored = editor.stored(group);
        const meanwhile = {
          words: lastChangeInWords(
            db,
            { action: "source_group.updated", targetId: gid },
            group.updatedAt,
            pages.view(call),
          ),
          href: `${hostPath(id, "sources")}/${gid}`,
        };
        if ("take" in body)
          return editor.show(call, id, group, takeTheirs(stored, typedOf(body), textOf(body, "take"), meanwhile));
        const collision = collisionOf(body, stored, typedOf(body), meanwhile);
        if (collision) return editor.show(call, id, group, collision, { status: 409 });
        const saved = await attempt(body, () => groups.update(actor, id, gid, inputOf(body, group, host.os)));
        if (!saved.ok) return editor.show(call, id, group, { ...saved.form, values: typedOf(body) }, saved);
        return pages.done(c, hostPath(id, "sources"), {
          tone: "ok",
          text: `Source group ${saved.value.name} saved.`,
        });
      },
    }),
    formRoute({
      method: "POST",
      path: `${base}/:gid/delete`,
      access: "operator",
      action: "source_group.deleted",
      summary: "Page: delete a source group",
      handle: async (call) => {
        const { c, params, body, actor } = call;
        const { id = "", gid = "" } = params;
        const group = groups.get(id, gid);
        const removed = await attempt(body, () => groups.remove(actor, id, gid));
        if (!removed.ok) return editor.show(call, id, group, { ...removed.form, values: {} }, removed);
        return pages.done(c, hostPath(id, "sources"), { tone: "ok", text: `Source group ${group.name} deleted.` });
      },
    }),
    formRoute({
      method: "POST",
      path: `${base}/:gid/confirm-retention`,
      access: "operator",
      action: "source_group.retention_confirmed",
      summary: "Page: confirm that a retention change may remove existing snapshots",
      handle: ({ c, params, actor }) => {
        const { id = "", gid = "" } = params;
        const group = confirmations.confirm(actor, id, gid);
        const text = `The next forget removes what the retention of ${group.name} does not keep.`;
        return pages.done(c, `${hostPath(id, "sources")}/${gid}`, { tone: "ok", text });
      },
    }),
    formRoute({
      method: "POST",
      path: `${base}/:gid/hooks`,
      access: "admin",
      action: "source_group.hooks_changed",
      summary: "Page: set the hooks of a source group",
      handle: async (call) => {
        const { c, params, body, actor } = call;
        const { id = "", gid = "" } = params;
        const group = groups.get(id, gid);
        const change = { pre: textOf(body, "pre"), post: textOf(body, "post") };
        const saved = await attempt(body, () => hooks.setOfGroup(actor, id, gid, change));
        if (!saved.ok) return editor.show(call, id, group, emptyForm, { status: saved.status, hooksForm: saved.form });
        const text = `Hooks of ${group.name} saved.`;
        return pages.done(c, `${hostPath(id, "sources")}/${gid}`, { tone: "ok", text });
      },
    }),
  ];
}

/** The form as entered, without validation beyond the retention rules. */
function typedOnly(body: FormBody): FormState {
  return { values: typedOf(body), errors: readRetention((rule) => textOf(body, rule)).errors };
}

function typedOf(body: FormBody): FormState["values"] {
  return typedValues(body, ["repo_ids"]);
}

/** A new group's tag is derived from its name, so its error belongs to the name. */
function withTagAtName(form: FormState): FormState {
  const { tag, ...errors } = form.errors;
  return tag && !form.values.tag?.trim()
    ? { ...form, errors: { ...errors, name: errors.name ?? tag }, message: undefined }
    : form;
}
