// Pages: repos of the fleet, repos of a host, one repo with what opens it.
import type { Db } from "../../db/open.ts";
import { listRepos } from "../../db/queries/repos.ts";
import type { FormState } from "../../ui/components/field.tsx";
import { hostPath } from "../../ui/hosts/frame.tsx";
import { ReposPage, ReposTab } from "../../ui/repos/list.tsx";
import { type CredentialView, RepoPage } from "../../ui/repos/page.tsx";
import { may } from "../../ui/view.ts";
import type { HostHeads } from "../hosts/head.ts";
import { notFound } from "../http/errors.ts";
import { attempt, offsetOf, type PageCall, type PageMaker, pairsOf, textOf } from "../http/page-maker.ts";
import { type FormBody, formRoute, type Route, route } from "../http/routes.ts";
import type { RepoInput } from "./address.ts";
import type { Credentials } from "./credentials.ts";

const ROWS = 50;

export type RepoPageDeps = { db: Db; pages: PageMaker; heads: HostHeads; credentials: Credentials };

export function repoPages({ db, pages, heads, credentials }: RepoPageDeps): Route[] {
  const page = (call: PageCall, hostId: string, repoId: string, refused: FormState | null, status = 200) => {
    const view = pages.view(call);
    const { host, repos } = heads.read(hostId);
    const repo = repos.find((one) => one.id === repoId);
    if (!repo) throw notFound("repo");
    const credential = may(view, "operator") ? credentialView(credentials, repo.id) : null;
    return pages.page(
      call.c,
      view,
      <RepoPage
        view={view}
        repo={repo}
        host={{ id: host.id, name: host.name, archived: host.archivedAt !== null }}
        credential={credential}
        refused={refused}
      />,
      status,
    );
  };
  return [
    route({
      method: "GET",
      path: "/repos",
      access: "viewer",
      summary: "Page: repos of all hosts",
      handle: (call) => {
        const view = pages.view(call);
        const all = listRepos(db);
        const offset = offsetOf(call.c);
        const count = (status: string) => all.filter((repo) => repo.status === status).length;
        const counts = {
          ready: count("ready"),
          waiting: count("waiting"),
          failed: count("failed"),
          unknown: count("unknown"),
        };
        const rows = all.slice(offset, offset + ROWS);
        return pages.page(
          call.c,
          view,
          <ReposPage view={view} rows={rows} total={all.length} offset={offset} limit={ROWS} counts={counts} />,
        );
      },
    }),
    route({
      method: "GET",
      path: "/hosts/:id/repos",
      access: "viewer",
      summary: "Page: repos of a host",
      handle: (call) => {
        const view = pages.view(call);
        const { head, host, repos } = heads.read(call.params.id ?? "");
        const rows = repos.map((repo) => ({ ...repo, hostName: host.name }));
        return pages.page(call.c, view, <ReposTab view={view} host={head} repos={rows} />);
      },
    }),
    route({
      method: "GET",
      path: "/hosts/:id/repos/:rid",
      access: "viewer",
      summary: "Page: one repo",
      handle: (call) => page(call, call.params.id ?? "", call.params.rid ?? "", null),
    }),
    formRoute({
      method: "POST",
      path: "/hosts/:id/repos/:rid/credentials/everyday",
      access: "admin",
      action: "credential.changed",
      summary: "Page: change what opens a repo",
      handle: async (call) => {
        const { c, params, body, actor } = call;
        const { id = "", rid = "" } = params;
        if (!heads.read(id).repos.some((repo) => repo.id === rid)) throw notFound("repo");
        const saved = await attempt(body, () => credentials.change(actor, rid, "everyday", inputOf(body)));
        if (!saved.ok) return page(call, id, rid, saved.form, saved.status);
        return pages.done(c, `${hostPath(id, "repos")}/${rid}`, { tone: "ok", text: "Saved. The host tries it now." });
      },
    }),
  ];
}

/** Fields that were left empty keep what is stored. */
function inputOf(body: FormBody): Partial<RepoInput> {
  const filled = (name: string) => textOf(body, name) || undefined;
  const env = pairsOf(body, "env");
  return {
    url: filled("url"),
    http_username: filled("http_username"),
    http_password: filled("http_password"),
    repo_password: filled("repo_password"),
    ...(Object.keys(env).length > 0 ? { env } : {}),
  } as Partial<RepoInput>;
}

function credentialView(credentials: Credentials, repoId: string): CredentialView | null {
  const known = credentials.redacted(repoId, "everyday");
  return known
    ? {
        url: known.url,
        httpUsername: known.http_username,
        hasHttpPassword: known.has_http_password,
        envNames: known.env_names,
        rotatedAt: known.rotated_at,
        onTrial: known.on_trial,
        trialError: known.trial_error,
      }
    : null;
}
