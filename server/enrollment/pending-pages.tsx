// Pages: accept or reject a machine that announced itself.
import type { Db } from "../../db/open.ts";
import { findHost } from "../../db/queries/hosts.ts";
import { findPendingHost } from "../../db/queries/pending-hosts.ts";
import { listSourceGroups } from "../../db/queries/source-groups.ts";
import { emptyForm, type FormState } from "../../shared/pages.ts";
import { AcceptHostPage } from "../../ui/enrollment/accept.tsx";
import { AddHostResultPage, type ShownOnce } from "../../ui/enrollment/result.tsx";
import { EnrollmentUpdate } from "../../ui/enrollment/steps.tsx";
import { notFound } from "../http/errors.ts";
import { attempt } from "../http/forms.ts";
import type { PageCall, PageMaker } from "../http/page-maker.ts";
import { formRoute, type Route, route } from "../http/routes.ts";
import type { Generated } from "../repos/new-repo.ts";
import type { Announcements } from "./announcements.ts";
import { inputOf, progressOfHost, type ShareOf } from "./pages.tsx";

export type PendingPageDeps = { db: Db; pages: PageMaker; announcements: Announcements; shareOf: ShareOf };

export function pendingHostPages({ db, pages, announcements, shareOf }: PendingPageDeps): Route[] {
  const form = (call: PageCall, id: string, state: FormState, status = 200) => {
    const view = pages.view(call);
    const page = <AcceptHostPage view={view} host={announcements.get(id)} form={state} />;
    return pages.page(call.c, view, page, status);
  };
  const accepted = (id: string) => {
    const hostId = findPendingHost(db, id)?.enrolledHostId;
    const host = hostId ? findHost(db, hostId) : null;
    if (!host) throw notFound("accepted machine");
    const includes = listSourceGroups(db, host.id)[0]?.includes ?? [];
    const path = { progressHref: `/hosts/pending/${id}/progress`, expiresAt: Number.MAX_SAFE_INTEGER, revokedAt: null };
    const since = {
      backupNow: host.backupWhenReady,
      replaces: false,
      paths: includes.length,
      enrolledAt: host.enrolledAt,
    };
    return { includes, progress: progressOfHost(db, host, { ...path, ...since }, shareOf) };
  };
  return [
    route({
      method: "GET",
      path: "/hosts/pending/:id",
      access: "admin",
      summary: "Page: accept or reject a machine that announced itself",
      handle: (call) => form(call, call.params.id ?? "", emptyForm),
    }),
    formRoute({
      method: "POST",
      path: "/hosts/pending/:id",
      access: "admin",
      action: "pending_host.accepted",
      summary: "Page: accept a machine; generated passwords are shown once",
      handle: async (call) => {
        const { c, body, actor, params } = call;
        const id = params.id ?? "";
        const made = await attempt(body, () => announcements.accept(actor, id, inputOf(body)));
        if (!made.ok) return form(call, id, made.form, made.status);
        const view = pages.view(call);
        const once = shownOnce(made.value.generated);
        return pages.page(
          c,
          view,
          <AddHostResultPage
            view={view}
            {...accepted(id)}
            once={once}
            lifetimeMs={null}
            tokens={[]}
            linkProblems={[]}
          />,
        );
      },
    }),
    route({
      method: "GET",
      path: "/hosts/pending/:id/progress",
      access: "admin",
      summary: "Page part: progress of an accepted machine",
      handle: (call) => {
        const view = pages.view(call);
        const { progress } = accepted(call.params.id ?? "");
        return pages.page(call.c, view, <EnrollmentUpdate progress={progress} view={view} />);
      },
    }),
    formRoute({
      method: "POST",
      path: "/hosts/pending/:id/reject",
      access: "admin",
      action: "pending_host.rejected",
      summary: "Page: reject a machine",
      handle: ({ c, params, actor }) => {
        const { id, hostName } = announcements.get(params.id ?? "");
        announcements.reject(actor, id);
        return pages.done(c, "/", { tone: "ok", text: `${hostName} rejected.` });
      },
    }),
  ];
}

function shownOnce(generated: Generated): ShownOnce {
  return {
    command: null,
    httpPassword: generated.http_password ?? null,
    htpasswdLine: generated.htpasswd_line ?? null,
    repoPassword: generated.repo_password ?? null,
  };
}
