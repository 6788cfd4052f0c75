// Pages: a host's settings, archive and purge.
import { emptyForm, type FormState } from "../../ui/components/field.tsx";
import { hostPath } from "../../ui/hosts/frame.tsx";
import { HostSettings } from "../../ui/hosts/settings.tsx";
import { attempt, listOf, type PageCall, type PageMaker, textOf } from "../http/page-maker.ts";
import { formRoute, type Route, route } from "../http/routes.ts";
import type { HostHeads } from "./head.ts";
import type { Hosts } from "./hosts.ts";

export type HostPageDeps = { pages: PageMaker; heads: HostHeads; hosts: Hosts };

export function hostPages({ pages, heads, hosts }: HostPageDeps): Route[] {
  const settings = (call: PageCall, id: string, form: FormState, purgeError: string | null = null, status = 200) => {
    const view = pages.view(call);
    const { head, host } = heads.read(id);
    return pages.page(
      call.c,
      view,
      <HostSettings view={view} host={head} facts={host} form={form} purgeError={purgeError} />,
      status,
    );
  };
  return [
    route({
      method: "GET",
      path: "/hosts/:id/settings",
      access: "viewer",
      summary: "Page: settings of a host",
      handle: (call) => settings(call, call.params.id ?? "", emptyForm),
    }),
    formRoute({
      method: "POST",
      path: "/hosts/:id/settings",
      access: "operator",
      action: "host.changed",
      summary: "Page: change name, tags, time zone or roaming",
      handle: async (call) => {
        const { c, params, body, actor } = call;
        const id = params.id ?? "";
        const changes = {
          name: textOf(body, "name"),
          tags: listOf(body, "tags"),
          timezone_override: textOf(body, "timezone_override") || null,
          roaming: "roaming" in body,
        };
        const saved = await attempt(body, () => hosts.change(actor, id, changes));
        if (!saved.ok) return settings(call, id, saved.form, null, saved.status);
        return pages.done(c, hostPath(id, "settings"), { tone: "ok", text: "Saved." });
      },
    }),
    formRoute({
      method: "POST",
      path: "/hosts/:id/tags",
      access: "operator",
      action: "host.changed",
      summary: "Page: change the tags alone, from the host's head",
      handle: ({ c, params, body, actor }) => {
        const { id } = hosts.change(actor, params.id ?? "", { tags: listOf(body, "tags") });
        return pages.done(c, hostPath(id), { tone: "ok", text: "Tags saved." });
      },
    }),
    formRoute({
      method: "POST",
      path: "/hosts/:id/restore-finished",
      access: "operator",
      action: "host.restore_finished",
      summary: "Page: after its machine was replaced, schedules run again",
      handle: ({ c, params, actor }) => {
        const id = params.id ?? "";
        hosts.finishRestore(actor, id);
        return pages.done(c, hostPath(id), { tone: "ok", text: "Schedules run again from now on." });
      },
    }),
    formRoute({
      method: "POST",
      path: "/hosts/:id/archive",
      access: "admin",
      action: "host.archived",
      summary: "Page: archive a host",
      handle: ({ c, params, actor }) => {
        const id = params.id ?? "";
        const { host } = heads.read(id);
        hosts.archive(actor, id);
        return pages.done(c, hostPath(id, "settings"), {
          tone: "ok",
          text: `${host.name} is archived. Its agent is shut out.`,
        });
      },
    }),
    formRoute({
      method: "POST",
      path: "/hosts/:id/purge",
      access: "admin",
      action: "host.purged",
      summary: "Page: delete what is left of an archived host",
      handle: async (call) => {
        const { c, params, body, actor } = call;
        const id = params.id ?? "";
        const { host } = heads.read(id);
        const purged = await attempt(body, () => hosts.purge(actor, id, textOf(body, "confirm")));
        if (!purged.ok) {
          const why = purged.form.errors.confirm ?? purged.form.message ?? "";
          return settings(call, id, emptyForm, why, purged.status);
        }
        return pages.done(c, "/", { tone: "ok", text: `${host.name} was purged. Its repository was not touched.` });
      },
    }),
  ];
}
