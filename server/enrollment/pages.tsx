// Pages: add a host, its install command, and its progress.
import type { Db } from "../../db/open.ts";
import { findEnrollmentToken } from "../../db/queries/enrollment.ts";
import { findHost } from "../../db/queries/hosts.ts";
import { listJobs } from "../../db/queries/jobs.ts";
import { listReposOfHost } from "../../db/queries/repos.ts";
import { listSourceGroups } from "../../db/queries/source-groups.ts";
import type { EnrollmentTokenRow } from "../../db/schema/enrollment.ts";
import type { HostRow } from "../../db/schema/hosts.ts";
import { emptyForm, type FormState } from "../../shared/pages.ts";
import { problemsOfLink } from "../../shared/server-link.ts";
import { AddHostPage } from "../../ui/enrollment/form.tsx";
import { AddHostResultPage, type ShownOnce } from "../../ui/enrollment/result.tsx";
import { type EnrollmentProgress, EnrollmentUpdate } from "../../ui/enrollment/steps.tsx";
import { settingsProblems } from "../hosts/problems.ts";
import { notFound } from "../http/errors.ts";
import { attempt, listOf, rawLinesOf, textOf } from "../http/forms.ts";
import type { PageCall, PageMaker } from "../http/page-maker.ts";
import { type FormBody, formRoute, type Route, route } from "../http/routes.ts";
import { repoInputOf } from "../repos/form-fields.ts";
import type { Generated } from "../repos/new-repo.ts";
import type { NewcomerInput } from "./newcomer.ts";
import type { EnrollmentTokens } from "./tokens.ts";
import { installCommands } from "./tokens.ts";

export type EnrollmentPageDeps = {
  db: Db;
  pages: PageMaker;
  tokens: EnrollmentTokens;
  shareOf: ShareOf;
  /** Of the server's self-signed certificate; null if it has none. */
  pin: string | null;
};

/** Progress of a running job, 0 to 1. */
export type ShareOf = (jobId: string) => number | null;

export function enrollmentPages({ db, pages, tokens, shareOf, pin }: EnrollmentPageDeps): Route[] {
  const form = (call: PageCall, state: FormState, status = 200) => {
    const view = pages.view(call);
    const problems = problemsOfLink(call.from.origin, pin);
    const page = <AddHostPage view={view} form={state} tokens={tokens.listOutstanding()} linkProblems={problems} />;
    return pages.page(call.c, view, page, status);
  };
  const result = (call: PageCall, row: EnrollmentTokenRow, once: ShownOnce | null) => {
    const view = pages.view(call);
    return pages.page(
      call.c,
      view,
      <AddHostResultPage
        view={view}
        progress={progressOf(db, row, shareOf)}
        once={once}
        linkProblems={problemsOfLink(call.from.origin, pin)}
        includes={row.includes}
        lifetimeMs={row.lifetimeMs}
        tokens={tokens.listOutstanding().filter((token) => token.id !== row.id || once === null)}
      />,
    );
  };
  const get = (id: string): EnrollmentTokenRow => {
    const row = findEnrollmentToken(db, id);
    if (!row) throw notFound("enrolment token");
    return row;
  };
  const forHost = (path: string, replaces: boolean, summary: string): Route =>
    formRoute({
      method: "POST",
      path,
      access: "admin",
      action: "enrollment_token.created",
      summary,
      handle: (call) => {
        const { row, token } = tokens.createForHost(call.actor, call.params.id ?? "", replaces);
        return result(call, row, shownOnce(token, {}, { ...call.from, pin, isAgain: !replaces }));
      },
    });
  return [
    route({
      method: "GET",
      path: "/hosts/new",
      access: "admin",
      summary: "Page: add a host",
      handle: (call) => form(call, emptyForm),
    }),
    formRoute({
      method: "POST",
      path: "/hosts/new",
      access: "admin",
      action: "enrollment_token.created",
      summary: "Page: add a host; generated passwords are shown once",
      handle: async (call) => {
        const { body, actor, from } = call;
        const made = await attempt(body, () => tokens.create(actor, inputOf(body)));
        if (!made.ok) return form(call, made.form, made.status);
        const { row, token, generated } = made.value;
        return result(call, row, shownOnce(token, generated, { ...from, pin }));
      },
    }),
    route({
      method: "GET",
      path: "/hosts/new/:tid",
      access: "admin",
      summary: "Page: progress of a new host",
      handle: (call) => result(call, get(call.params.tid ?? ""), null),
    }),
    route({
      method: "GET",
      path: "/hosts/new/:tid/progress",
      access: "admin",
      summary: "Page part: progress of a new host",
      handle: (call) => {
        const view = pages.view(call);
        const progress = progressOf(db, get(call.params.tid ?? ""), shareOf);
        return pages.page(call.c, view, <EnrollmentUpdate progress={progress} view={view} />);
      },
    }),
    forHost("/hosts/:id/replace", true, "Page: create a token that replaces a host's machine"),
    forHost("/hosts/:id/re-enroll", false, "Page: create a token that re-enrols a host's machine"),
    formRoute({
      method: "POST",
      path: "/hosts/new/:tid/regenerate",
      access: "admin",
      action: "enrollment_token.regenerated",
      summary: "Page: regenerate a new host's token",
      handle: (call) => {
        const { row, token } = tokens.regenerate(call.actor, call.params.tid ?? "");
        const isAgain = row.hostId !== null && !row.replaces;
        return result(call, row, shownOnce(token, {}, { ...call.from, pin, isAgain }));
      },
    }),
    formRoute({
      method: "POST",
      path: "/hosts/new/:tid/revoke",
      access: "admin",
      action: "enrollment_token.revoked",
      summary: "Page: revoke a token",
      handle: ({ c, params, actor }) => {
        const row = get(params.tid ?? "");
        tokens.revoke(actor, row.id);
        return pages.done(c, "/hosts/new", { tone: "ok", text: `Token for ${row.hostName} revoked.` });
      },
    }),
  ];
}

/** The fields of a new host, from its forms. */
export function inputOf(body: FormBody): NewcomerInput {
  return {
    host_name: textOf(body, "host_name"),
    tags: listOf(body, "tags"),
    includes: rawLinesOf(body, "includes"),
    backup_now: "backup_now" in body,
    repo: repoInputOf(body),
  };
}

function shownOnce(
  token: string,
  generated: Generated,
  { origin, ...how }: { origin: string; pin: string | null; isAgain?: boolean },
): ShownOnce {
  return {
    command: installCommands(origin, token, how).linux,
    httpPassword: generated.http_password ?? null,
    htpasswdLine: generated.htpasswd_line ?? null,
    repoPassword: generated.repo_password ?? null,
  };
}

/** Progress of the machine that a token was created for. */
function progressOf(db: Db, row: EnrollmentTokenRow, shareOf: ShareOf): EnrollmentProgress {
  const host = row.enrolledHostId ? findHost(db, row.enrolledHostId) : null;
  const path = {
    progressHref: `/hosts/new/${row.id}/progress`,
    expiresAt: row.expiresAt,
    revokedAt: row.revokedAt,
    backupNow: row.backupNow,
    replaces: row.replaces,
    paths: row.includes.length,
  };
  if (!host) return { ...path, hostName: row.hostName, host: null, repo: null, problems: [], backup: null };
  return progressOfHost(db, host, { ...path, enrolledAt: row.consumedAt ?? host.enrolledAt }, shareOf);
}

type EnrollmentPath = Omit<EnrollmentProgress, "hostName" | "host" | "repo" | "problems" | "backup"> & {
  enrolledAt: number;
};

/** Progress of a host since its enrolment. */
export function progressOfHost(
  db: Db,
  host: HostRow,
  { enrolledAt, ...path }: EnrollmentPath,
  shareOf: ShareOf,
): EnrollmentProgress {
  const backup = firstBackup(db, host.id, enrolledAt);
  const repos = listReposOfHost(db, host.id);
  return {
    ...path,
    hostName: host.name,
    host: {
      id: host.id,
      os: host.os,
      arch: host.arch,
      agentVersion: host.agentVersion,
      resticVersion: host.resticVersion,
      fromIp: host.enrolledFromIp,
      enrolledAt,
    },
    repo: repos[0] ?? null,
    problems: settingsProblems(host, { groups: listSourceGroups(db, host.id), repos }),
    backup: backup ? { ...backup, share: shareOf(backup.id) } : null,
  };
}

/** The latest successful backup since the machine enrolled, otherwise the latest of any status. */
function firstBackup(db: Db, hostId: string, since: number) {
  const filter = { host_id: hostId, kind: "backup", since } as const;
  const succeeded = listJobs(db, { ...filter, status: "succeeded" }, 1, 0)[0];
  return succeeded ?? listJobs(db, filter, 1, 0)[0] ?? null;
}
