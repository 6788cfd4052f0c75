// Pages: a host's settings, including archive and purge.
import type { HostRow } from "../../db/schema/hosts.ts";
import { emptyForm, type FormState } from "../../shared/pages.ts";
import { HostSettings } from "../../ui/hosts/settings.tsx";
import { hostPath } from "../../ui/links.ts";
import { attempt, listOf, textOf } from "../http/forms.ts";
import type { PageCall, PageMaker } from "../http/page-maker.ts";
import { type FormBody, formRoute, type Route, route } from "../http/routes.ts";
import type { Actor } from "../runtime/audit.ts";
import { bandwidthOf } from "./bandwidth.ts";
import type { HostHeads } from "./head.ts";
import type { Hosts } from "./hosts.ts";

type HookTexts = { pre: string | null; post: string | null; hook_shell: string | null };

export type HostPageDeps = {
  pages: PageMaker;
  heads: HostHeads;
  hosts: Hosts;
  hooks: {
    allowed(host: Pick<HostRow, "capabilities">): boolean | null;
    ofHost(hostId: string): HookTexts & { unreadable: readonly ("pre" | "post")[] };
    setOfHost(actor: Actor, hostId: string, change: HookTexts): void;
  };
};

/** Refused forms, shown again as entered. */
type Refused = { form?: FormState; purgeError?: string; bandwidthForm?: FormState; hooksForm?: FormState };

export function hostPages({ pages, heads, hosts, hooks }: HostPageDeps): Route[] {
  const settings = (call: PageCall, id: string, shown: Refused = {}, status = 200) => {
    const view = pages.view(call);
    const { head, host } = heads.read(id);
    const seesHooks = call.session.role === "admin" && host.archivedAt === null;
    return pages.page(
      call.c,
      view,
      <HostSettings
        view={view}
        host={head}
        facts={host}
        form={shown.form ?? emptyForm}
        purgeError={shown.purgeError ?? null}
        bandwidthForm={shown.bandwidthForm ?? emptyForm}
        hooks={
          seesHooks ? { ...hooks.ofHost(id), allowed: hooks.allowed(host), form: shown.hooksForm ?? emptyForm } : null
        }
      />,
      status,
    );
  };
  /** A form of the settings page: saves, or is shown again as entered. */
  const form = (
    name: string,
    of: "form" | "bandwidthForm" | "hooksForm",
    how: { access: "operator" | "admin"; action: string; summary: string; done: string },
    save: (id: string, call: { actor: Actor; body: FormBody }) => void,
  ) =>
    formRoute({
      method: "POST",
      path: `/hosts/:id/${name}`,
      access: how.access,
      action: how.action,
      summary: how.summary,
      handle: async (call) => {
        const id = call.params.id ?? "";
        const saved = await attempt(call.body, () => save(id, call));
        if (!saved.ok) return settings(call, id, { [of]: saved.form }, saved.status);
        return pages.done(call.c, hostPath(id, "settings"), { tone: "ok", text: how.done });
      },
    });
  return [
    route({
      method: "GET",
      path: "/hosts/:id/settings",
      access: "viewer",
      summary: "Page: settings of a host",
      handle: (call) => settings(call, call.params.id ?? ""),
    }),
    form(
      "settings",
      "form",
      {
        access: "operator",
        action: "host.changed",
        summary: "Page: change name, tags, time zone or roaming",
        done: "Settings saved.",
      },
      (id, { actor, body }) =>
        void hosts.change(actor, id, {
          name: textOf(body, "name"),
          tags: listOf(body, "tags"),
          timezone_override: textOf(body, "timezone_override") || null,
          roaming: "roaming" in body,
        }),
    ),
    form(
      "bandwidth",
      "bandwidthForm",
      {
        access: "operator",
        action: "host.bandwidth_changed",
        summary: "Page: limit the rate of every run on this host",
        done: "Limits saved.",
      },
      (id, { actor, body }) => void hosts.setBandwidth(actor, id, bandwidthOf(body)),
    ),
    form(
      "hooks",
      "hooksForm",
      {
        access: "admin",
        action: "host.hooks_changed",
        summary: "Page: set the hooks of all source groups without their own",
        done: "Hooks saved.",
      },
      (id, { actor, body }) =>
        hooks.setOfHost(actor, id, {
          pre: textOf(body, "pre"),
          post: textOf(body, "post"),
          hook_shell: textOf(body, "hook_shell"),
        }),
    ),
    formRoute({
      method: "POST",
      path: "/hosts/:id/tags",
      access: "operator",
      action: "host.changed",
      summary: "Page: change a host's tags",
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
      summary: "Page: resume a host's schedules after its machine was replaced",
      handle: ({ c, params, actor }) => {
        const id = params.id ?? "";
        hosts.finishRestore(actor, id);
        return pages.done(c, hostPath(id), { tone: "ok", text: "Schedules resumed." });
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
          text: `${host.name} archived. Its agent no longer has access.`,
        });
      },
    }),
    formRoute({
      method: "POST",
      path: "/hosts/:id/purge",
      access: "admin",
      action: "host.purged",
      summary: "Page: purge an archived host",
      handle: async (call) => {
        const { c, params, body, actor } = call;
        const id = params.id ?? "";
        const { host } = heads.read(id);
        const purged = await attempt(body, () => hosts.purge(actor, id, textOf(body, "confirm")));
        if (!purged.ok) {
          const why = purged.form.errors.confirm ?? purged.form.message ?? "";
          return settings(call, id, { purgeError: why }, purged.status);
        }
        return pages.done(c, "/", { tone: "ok", text: `${host.name} purged. Its repositories were not touched.` });
      },
    }),
  ];
}
