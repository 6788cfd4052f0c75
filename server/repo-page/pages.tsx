// Pages: one repo with its credentials and maintenance, and all forms of that page.
import type { Db } from "../../db/open.ts";
import { findHost } from "../../db/queries/hosts.ts";
import { findRepo } from "../../db/queries/repos.ts";
import type { RepoRow } from "../../db/schema/repos.ts";
import { MAINTENANCE_KINDS } from "../../shared/maintenance.ts";
import type { FormState } from "../../shared/pages.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { kindInWords } from "../../ui/jobs/words.tsx";
import { hostPath } from "../../ui/links.ts";
import { type RefusedForm, RepoPage } from "../../ui/repos/page.tsx";
import { TREND_DAYS } from "../../ui/repos/size.tsx";
import type { CredentialView } from "../../ui/repos/types.ts";
import { may } from "../../ui/view.ts";
import type { Hub } from "../agents/hub.ts";
import { notFound } from "../http/errors.ts";
import { attempt, pairsOf, textOf } from "../http/forms.ts";
import { isHtmx, type PageCall, type PageMaker } from "../http/page-maker.ts";
import { type AppContext, type FormBody, formRoute, type Route, route } from "../http/routes.ts";
import type { Maintenance } from "../maintenance/maintenance.ts";
import type { Reinit } from "../maintenance/reinit.ts";
import type { MaintenanceInput, MaintenanceSettings } from "../maintenance/settings.ts";
import type { MaintenanceSurvey } from "../maintenance/survey.ts";
import type { Credentials, RedactedCredential } from "../repos/credentials.ts";
import { envOf, ownFolderOf } from "../repos/form-fields.ts";
import { readNextProbe } from "../repos/next-probe.ts";
import type { Repos } from "../repos/repos.ts";
import { locksView, maintenanceView, trendOf } from "./page-data.ts";

export type RepoPageDeps = {
  db: Db;
  clock: Clock;
  hub: Hub;
  pages: PageMaker;
  credentials: Credentials;
  repos: Repos;
  maintenance: Maintenance;
  maintenanceSettings: MaintenanceSettings;
  survey: MaintenanceSurvey;
  reinit: Reinit;
};

const USUAL_DAYS = 90;

export function repoPages(deps: RepoPageDeps): Route[] {
  const { db, clock, hub, pages, credentials, repos, maintenance, maintenanceSettings, survey, reinit } = deps;
  const get = (hostId: string, repoId: string): RepoRow => {
    const repo = findRepo(db, repoId);
    if (!repo || repo.hostId !== hostId || repo.removedAt !== null) throw notFound("repo");
    return repo;
  };
  const pathOf = (repo: Pick<RepoRow, "id" | "hostId">) => `${hostPath(repo.hostId, "repos")}/${repo.id}`;
  const page = (call: PageCall, repo: RepoRow, refused: RefusedForm | null, status = 200) => {
    const view = pages.view(call);
    const now = clock.now();
    const host = findHost(db, repo.hostId);
    if (!host) throw notFound("host");
    const everyday = credentials.redacted(repo.id, "everyday");
    const admin = credentials.redacted(repo.id, "admin");
    const { shared, elsewhere } = survey.sharingOf(repo);
    const namesOf = (those: readonly RepoRow[]) =>
      those
        .filter(({ id }) => id !== repo.id)
        .map((one) => ({ hostName: findHost(db, one.hostId)?.name ?? "", name: one.name, href: pathOf(one) }));
    return pages.page(
      call.c,
      view,
      <RepoPage
        view={view}
        repo={repo}
        host={{ id: host.id, name: host.name, archived: host.archivedAt !== null }}
        credentials={
          may(view, "operator") && everyday
            ? { everyday: credentialView(everyday), admin: admin && credentialView(admin) }
            : null
        }
        trend={trendOf(db, repo, daysOf(call.c), now)}
        maintenance={maintenanceView({ db, maintenance, survey }, repo, now)}
        locks={locksView(db, repo, now)}
        sharers={namesOf(shared)}
        lookalikes={namesOf(elsewhere)}
        nextProbe={{ at: readNextProbe(db, repo), isOnline: hub.isOnline(host.id) }}
        usedBy={survey.groupsInto(repo).map(({ name }) => name)}
        wishedBudgetBytes={refused === null ? wishedBudgetOf(call.c) : null}
        refused={refused}
      />,
      status,
    );
  };

  type Write = { c: AppContext; params: Record<string, string>; body: FormBody; actor: Actor; session: Session };
  /** A form of the repo's page: saves, or is shown again as entered. */
  const form = (
    suffix: string,
    of: RefusedForm["of"],
    how: { access: "operator" | "admin"; action: string; summary: string; done: string; leaves?: boolean },
    save: (repo: RepoRow, call: Write) => void,
  ) =>
    formRoute({
      method: "POST",
      path: `/hosts/:id/repos/:rid${suffix}`,
      access: how.access,
      action: how.action,
      summary: how.summary,
      handle: async (call) => {
        const repo = get(call.params.id ?? "", call.params.rid ?? "");
        const saved = await attempt(call.body, () => save(repo, call));
        if (!saved.ok) return page(call, repo, { of, form: withFieldNames(saved.form) }, saved.status);
        const href = how.leaves ? hostPath(repo.hostId, "repos") : pathOf(repo);
        return pages.done(call.c, href, { tone: "ok", text: how.done });
      },
    });

  return [
    route({
      method: "GET",
      path: "/hosts/:id/repos/:rid",
      access: "viewer",
      summary: "Page: one repo",
      handle: (call) => page(call, get(call.params.id ?? "", call.params.rid ?? ""), null),
    }),
    form(
      "",
      "identity",
      {
        access: "operator",
        action: "repo.changed",
        summary: "Page: rename a repo, set it as primary, set its compression",
        done: "Repo saved.",
      },
      (repo, { body, actor }) => void repos.change(actor, repo.id, changeOf(body)),
    ),
    form(
      "/credentials/everyday",
      "everyday",
      {
        access: "admin",
        action: "credential.changed",
        summary: "Page: change a repo's everyday credential",
        done: "Credential saved. The host is testing it now.",
      },
      (repo, { body, actor }) => credentials.change(actor, repo.id, "everyday", credentialInput(body)),
    ),
    form(
      "/credentials/admin",
      "admin",
      {
        access: "admin",
        action: "credential.changed",
        summary: "Page: set a repo's admin credential",
        done: "Credential saved. The next forget or prune shows whether it can delete.",
      },
      (repo, { body, actor }) => credentials.setAdmin(actor, repo.id, credentialInput(body)),
    ),
    form(
      "/credentials/admin/remove",
      "admin",
      {
        access: "admin",
        action: "credential.removed",
        summary: "Page: remove the admin credential",
        done: "Admin credential removed.",
      },
      (repo, { actor }) => credentials.removeAdmin(actor, repo.id),
    ),
    form(
      "/maintenance",
      "maintenance",
      {
        access: "operator",
        action: "repo.maintenance_changed",
        summary: "Page: change a repo's maintenance",
        done: "Maintenance saved.",
      },
      (repo, { body, actor, session }) =>
        void maintenanceSettings.change(actor, session.role, repo.id, maintenanceInput(body)),
    ),
    form(
      "/reinit",
      "reinit",
      {
        access: "admin",
        action: "repo.reinitialised",
        summary: "Page: create a new repository where there is none any more",
        done: "The agent checks again and creates a new repository if there is none. This page shows the progress.",
      },
      (repo, { body, actor }) =>
        reinit(actor, repo.id, { confirm: textOf(body, "confirm"), backupNow: "backup_now" in body }),
    ),
    form(
      "/remove",
      "remove",
      {
        access: "admin",
        action: "repo.removed",
        summary: "Page: remove a repo from its host",
        done: "Repo removed. The repository itself was not touched.",
        leaves: true,
      },
      (repo, { body, actor }) => repos.remove(actor, repo.id, textOf(body, "confirm")),
    ),
    ...MAINTENANCE_KINDS.map((kind) =>
      formRoute({
        method: "POST",
        path: `/hosts/:id/repos/:rid/${kind}`,
        access: "operator",
        action: `job.${kind}_requested`,
        summary: `Page: run ${kind} now`,
        handle: ({ c, params, actor }) => {
          const repo = get(params.id ?? "", params.rid ?? "");
          const { job, isNew } = maintenance.order(actor, repo.id, kind);
          const href = `/jobs/${job.id}`;
          if (!isHtmx(c)) return pages.done(c, href);
          const name = findHost(db, job.hostId)?.name ?? "the host";
          const waits = hub.isOnline(job.hostId) ? "" : ` It will start when ${name} is online.`;
          const text = isNew
            ? `${kindInWords(kind)} on ${name} was queued.${waits}`
            : `${kindInWords(kind)} is already queued or running.`;
          return pages.done(c, href, { tone: "ok", text, link: { href, label: "View job" } });
        },
      }),
    ),
  ];
}

type Actor = Parameters<MaintenanceSettings["change"]>[0];
type Session = PageCall["session"];

function daysOf(c: AppContext): number {
  const asked = Number(c.req.query("days"));
  return (TREND_DAYS as readonly number[]).includes(asked) ? asked : USUAL_DAYS;
}

/** Puts REST's error for the budget beside the form's field, which has another name. */
function withFieldNames(form: FormState): FormState {
  const { check_budget_bytes: budget, ...errors } = form.errors;
  return budget === undefined ? form : { ...form, errors: { ...errors, check_budget_gib: budget }, message: undefined };
}

/** The budget suggested in the address, in whole GiB; null if missing or malformed. */
function wishedBudgetOf(c: AppContext): number | null {
  const text = c.req.query("budget_gib") ?? "";
  return /^[1-9]\d{0,6}$/.test(text) ? Number(text) * 2 ** 30 : null;
}

/** Empty fields keep their stored values. */
function credentialInput(body: FormBody) {
  const filled = (name: string) => textOf(body, name) || undefined;
  const env = { ...pairsOf(body, "env"), ...envOf(body) };
  return {
    url: filled("url"),
    own_folder: ownFolderOf(body),
    http_username: filled("http_username"),
    http_password: filled("http_password"),
    repo_password: filled("repo_password"),
    ...(Object.keys(env).length > 0 ? { env } : {}),
  };
}

function changeOf(body: FormBody): Parameters<Repos["change"]>[2] {
  const compression = textOf(body, "compression");
  return {
    ...("name" in body ? { name: textOf(body, "name") } : {}),
    ...(textOf(body, "is_primary") === "true" ? { is_primary: true as const } : {}),
    ...(compression === "auto" || compression === "off" || compression === "max" ? { compression } : {}),
  };
}

/** An empty expression selects the default. */
function maintenanceInput(body: FormBody): MaintenanceInput {
  const cron = (name: string) => textOf(body, name).trim() || null;
  const gib = textOf(body, "check_budget_gib").replace(",", ".").trim();
  const hostId = textOf(body, "maintenance_host_id");
  return {
    enabled: "enabled" in body,
    forget_cron: cron("forget_cron"),
    prune_cron: cron("prune_cron"),
    check_cron: cron("check_cron"),
    ...(gib === "" ? {} : { check_budget_bytes: Math.round(Number(gib) * 2 ** 30) }),
    ...(hostId ? { maintenance_host_id: hostId } : {}),
  };
}

function credentialView(known: RedactedCredential): CredentialView {
  return {
    isUnreadable: known.unreadable,
    url: known.url,
    httpUsername: known.http_username,
    hasHttpPassword: known.has_http_password,
    envNames: known.env_names,
    rotatedAt: known.rotated_at,
    onTrial: known.on_trial,
    trialError: known.trial_error,
    trialAgainAt: known.trial_again_at,
    provedAt: known.proved_at,
  };
}
