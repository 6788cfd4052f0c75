// Pages: repos of a host, and adding one.
import { emptyForm, type FormState } from "../../shared/pages.ts";
import { hostPath } from "../../ui/links.ts";
import { ReposTab } from "../../ui/repos/list.tsx";
import { AddRepoPage, RepoAddedPage } from "../../ui/repos/new.tsx";
import type { HostHeads } from "../hosts/head.ts";
import { attempt, textOf } from "../http/forms.ts";
import type { PageCall, PageMaker } from "../http/page-maker.ts";
import { formRoute, type Route, route } from "../http/routes.ts";
import { repoInputOf } from "./form-fields.ts";
import type { Repos } from "./repos.ts";

export type RepoListDeps = { pages: PageMaker; heads: HostHeads; repos: Repos };

export function repoListPages({ pages, heads, repos }: RepoListDeps): Route[] {
  const addForm = (call: PageCall, hostId: string, form: FormState, status = 200) => {
    const view = pages.view(call);
    const { host } = heads.read(hostId);
    return pages.page(call.c, view, <AddRepoPage host={host} form={form} view={view} />, status);
  };
  return [
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
      path: "/hosts/:id/repos/new",
      access: "admin",
      summary: "Page: add a repo to a host",
      handle: (call) => addForm(call, call.params.id ?? "", emptyForm),
    }),
    formRoute({
      method: "POST",
      path: "/hosts/:id/repos/new",
      access: "admin",
      action: "repo.added",
      summary: "Page: add a repo to a host; generated passwords are shown once",
      handle: async (call) => {
        const { c, params, body, actor } = call;
        const hostId = params.id ?? "";
        const input = { ...repoInputOf(body), name: textOf(body, "name") };
        const made = await attempt(body, () => repos.add(actor, hostId, input));
        if (!made.ok) return addForm(call, hostId, made.form, made.status);
        const { repo, generated } = made.value;
        const once = {
          httpPassword: generated.http_password ?? null,
          htpasswdLine: generated.htpasswd_line ?? null,
          repoPassword: generated.repo_password ?? null,
        };
        if (!once.htpasswdLine && !once.repoPassword)
          return pages.done(c, `${hostPath(hostId, "repos")}/${repo.id}`, {
            tone: "ok",
            text: "Repo added. The host opens it as soon as it is online.",
          });
        const view = pages.view(call);
        const host = heads.read(hostId).host;
        return pages.page(c, view, <RepoAddedPage host={host} repo={repo} once={once} view={view} />);
      },
    }),
  ];
}
