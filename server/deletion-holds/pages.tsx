// Pages: place a deletion hold, and release one.
import type { Db } from "../../db/open.ts";
import { findHost, listLiveHosts } from "../../db/queries/hosts.ts";
import { listHostsWithOpenJobs, listOpenJobs } from "../../db/queries/jobs.ts";
import type { JobRow } from "../../db/schema/jobs.ts";
import { holdScopeInWords } from "../../shared/maintenance.ts";
import { emptyForm, type FormState } from "../../shared/pages.ts";
import { DeletionHoldsPage, ReleaseHoldPage } from "../../ui/deletion-holds/page.tsx";
import { deletionHoldsPath, hostPath } from "../../ui/links.ts";
import { badInput, notFound, Refusal } from "../http/errors.ts";
import { attempt, textOf } from "../http/forms.ts";
import type { PageCall, PageMaker } from "../http/page-maker.ts";
import { formRoute, type Route, route } from "../http/routes.ts";
import { isDeletion } from "./coverage.ts";
import type { DeletionHolds, HoldInput } from "./holds.ts";
import { readHoldOfJob } from "./read-hold.ts";

export type DeletionHoldPageDeps = { db: Db; pages: PageMaker; holds: DeletionHolds };

export function deletionHoldPages({ db, pages, holds }: DeletionHoldPageDeps): Route[] {
  const openDeletions = (): JobRow[] =>
    listHostsWithOpenJobs(db).flatMap((hostId) => listOpenJobs(db, hostId).filter(({ kind }) => isDeletion(kind)));
  const page = (call: PageCall, chosen: string, form: FormState, status = 200) => {
    const view = pages.view(call);
    return pages.page(
      call.c,
      view,
      <DeletionHoldsPage
        view={view}
        form={form}
        scopes={scopes(db, chosen)}
        chosen={chosen}
        openDeletions={openDeletions().filter((job) => !isUnsent(job)).length}
      />,
      status,
    );
  };
  return [
    route({
      method: "GET",
      path: "/deletion-holds",
      access: "viewer",
      summary: "Page: deletion holds",
      handle: (call) => {
        const hostId = call.c.req.query("host_id");
        return page(call, hostId && findHost(db, hostId) ? `host:${hostId}` : "fleet", emptyForm);
      },
    }),
    formRoute({
      method: "POST",
      path: "/deletion-holds",
      access: "operator",
      action: "deletion_hold.placed",
      summary: "Page: hold deletion",
      handle: async (call) => {
        const { c, body, actor } = call;
        const scope = textOf(body, "scope");
        const placed = await attempt(body, () =>
          holds.hold(actor, { ...scopeOf(scope), reason: textOf(body, "reason") }),
        );
        if (!placed.ok) {
          const { tag } = placed.form.errors;
          const form = tag === undefined ? placed.form : { ...placed.form, errors: { scope: tag }, message: undefined };
          return page(call, scope, form, placed.status);
        }
        const { value: hold } = placed;
        const text = `Deletion is held for ${holdScopeInWords(hold)}.`;
        return pages.done(c, hold.hostId === null ? "/" : hostPath(hold.hostId), { tone: "ok", text });
      },
    }),
    route({
      method: "GET",
      path: "/deletion-holds/:id/release",
      access: "operator",
      summary: "Page: release a deletion hold",
      handle: (call) => {
        const hold = holds.find(call.params["id"] ?? "");
        if (!hold) throw notFound("deletion hold");
        const view = pages.view(call);
        // A job that another hold covers as well goes on waiting.
        const waiting = openDeletions().filter(
          (job) => isUnsent(job) && readHoldOfJob(db, job) !== null && readHoldOfJob(db, job, hold.id) === null,
        );
        return pages.page(call.c, view, <ReleaseHoldPage view={view} hold={hold} waiting={waiting.length} />);
      },
    }),
    formRoute({
      method: "POST",
      path: "/deletion-holds/:id/release",
      access: "operator",
      action: "deletion_hold.released",
      summary: "Page: release a deletion hold",
      handle: ({ c, params, actor }) => {
        try {
          const hold = holds.release(actor, params["id"] ?? "");
          const text = `The hold on ${holdScopeInWords(hold)} was released.`;
          return pages.done(c, hold.hostId === null ? "/" : hostPath(hold.hostId), { tone: "ok", text });
        } catch (error) {
          if (!(error instanceof Refusal) || error.status !== 404) throw error;
          return pages.done(c, deletionHoldsPath(), { tone: "ok", text: "This hold was already released." });
        }
      },
    }),
  ];
}

/** Neither sent to its host nor reported by it. */
function isUnsent({ status, sentAt, acceptedAt }: JobRow): boolean {
  return status === "queued" && sentAt === null && acceptedAt === null;
}

/** @throws Refusal 400 */
function scopeOf(scope: string): Pick<HoldInput, "hostId" | "tag"> {
  const [kind = "", name = ""] = scope.split(/:(.*)/);
  if (kind === "fleet") return { hostId: null, tag: null };
  if (kind === "host") return { hostId: name, tag: null };
  if (kind === "tag") return { hostId: null, tag: name };
  throw badInput({ scope: "Choose the hosts." });
}

/** All hosts, each tag, each live host, and the chosen host even if it is archived. */
function scopes(db: Db, chosen: string): { value: string; label: string }[] {
  const live = listLiveHosts(db);
  const tags = [...new Set(live.flatMap((host) => host.tags))].sort();
  const asked = chosen.startsWith("host:") ? findHost(db, chosen.slice(5)) : null;
  const hosts = asked && asked.archivedAt !== null ? [asked, ...live] : live;
  return [
    { value: "fleet", label: "All hosts" },
    ...tags.map((tag) => ({ value: `tag:${tag}`, label: `Hosts tagged ${tag}` })),
    ...hosts.map(({ id, name }) => ({ value: `host:${id}`, label: name })),
  ];
}
