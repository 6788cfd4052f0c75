// Pages: a host's source groups and their plain editor.
import type { Db } from "../../db/open.ts";
import { listSourceGroups } from "../../db/queries/source-groups.ts";
import type { SourceGroupRow } from "../../db/schema/source-groups.ts";
import { emptyForm, type FormState } from "../../ui/components/field.tsx";
import { hostPath } from "../../ui/hosts/frame.tsx";
import { SourceGroupEditor } from "../../ui/source-groups/editor.tsx";
import { SourcesTab } from "../../ui/source-groups/tab.tsx";
import type { HostHeads } from "../hosts/head.ts";
import { attempt, linesOf, type PageCall, type PageMaker, textOf } from "../http/page-maker.ts";
import { type FormBody, formRoute, type Route, route } from "../http/routes.ts";
import type { SourceGroupInput } from "./fields.ts";
import type { SourceGroups } from "./groups.ts";

export type SourceGroupPageDeps = { db: Db; pages: PageMaker; heads: HostHeads; groups: SourceGroups };

export function sourceGroupPages({ db, pages, heads, groups }: SourceGroupPageDeps): Route[] {
  const editor = (call: PageCall, hostId: string, group: SourceGroupRow | null, form: FormState, status = 200) => {
    const view = pages.view(call);
    const { host } = heads.read(hostId);
    const deletable = listSourceGroups(db, hostId).length > 1;
    return pages.page(
      call.c,
      view,
      <SourceGroupEditor view={view} host={host} group={group} form={form} deletable={deletable} />,
      status,
    );
  };
  const base = "/hosts/:id/sources";
  return [
    route({
      method: "GET",
      path: base,
      access: "viewer",
      summary: "Page: source groups of a host",
      handle: (call) => {
        const view = pages.view(call);
        const { head } = heads.read(call.params.id ?? "");
        const lines = listSourceGroups(db, head.id).map((group) => {
          const shown = head.groups.find((one) => one.id === group.id);
          return { ...group, last: shown?.last ?? { status: "never" as const }, outcomes: shown?.outcomes ?? [] };
        });
        return pages.page(call.c, view, <SourcesTab view={view} host={head} groups={lines} />);
      },
    }),
    route({
      method: "GET",
      path: `${base}/new`,
      access: "operator",
      summary: "Page: a new source group",
      handle: (call) => editor(call, call.params.id ?? "", null, emptyForm),
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
        const made = await attempt(body, () => groups.create(actor, id, inputOf(body)));
        if (!made.ok) return editor(call, id, null, withTagAtName(made.form), made.status);
        return pages.done(c, hostPath(id, "sources"), {
          tone: "ok",
          text: `Source group ${made.value.name} was added.`,
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
        return editor(call, id, groups.get(id, gid), emptyForm);
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
        const saved = await attempt(body, () => groups.update(actor, id, gid, inputOf(body)));
        if (!saved.ok) return editor(call, id, group, saved.form, saved.status);
        return pages.done(c, hostPath(id, "sources"), {
          tone: "ok",
          text: `${saved.value.name} was saved. The agent gets it now.`,
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
        if (!removed.ok) return editor(call, id, group, { ...removed.form, values: {} }, removed.status);
        return pages.done(c, hostPath(id, "sources"), { tone: "ok", text: `Source group ${group.name} was deleted.` });
      },
    }),
  ];
}

function inputOf(body: FormBody): SourceGroupInput {
  return {
    name: textOf(body, "name"),
    includes: linesOf(body, "includes"),
    excludes: linesOf(body, "excludes"),
    exclude_caches: "exclude_caches" in body,
    one_file_system: "one_file_system" in body,
  };
}

/** The tag of a new group is made from its name; what is wrong with it is said there. */
function withTagAtName(form: FormState): FormState {
  const { tag, ...errors } = form.errors;
  return tag ? { ...form, errors: { ...errors, name: errors.name ?? tag }, message: undefined } : form;
}
