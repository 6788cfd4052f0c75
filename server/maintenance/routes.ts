/** REST: maintenance settings of a repo, and orders for maintenance. */
import * as v from "valibot";
import type { Db } from "../../db/open.ts";
import { findHost } from "../../db/queries/hosts.ts";
import { findRepo } from "../../db/queries/repos.ts";
import type { RepoRow } from "../../db/schema/repos.ts";
import { MAINTENANCE_KINDS } from "../../shared/maintenance.ts";
import { notFound } from "../http/errors.ts";
import { iso } from "../http/lists.ts";
import { type Route, route } from "../http/routes.ts";
import { maintenanceAnswer, orderedAnswer, reinitAnswer } from "./answers.ts";
import { expressionOf } from "./cadence.ts";
import { nextSubset, partsFor } from "./check-plan.ts";
import type { Decision } from "./decide.ts";
import type { Maintenance } from "./maintenance.ts";
import type { Reinit } from "./reinit.ts";
import type { MaintenanceSettings } from "./settings.ts";
import type { MaintenanceSurvey } from "./survey.ts";

export type MaintenanceRouteDeps = {
  db: Db;
  maintenance: Maintenance;
  survey: MaintenanceSurvey;
  settings: MaintenanceSettings;
  reinit: Reinit;
};

const cron = v.optional(v.nullable(v.pipe(v.string(), v.maxLength(200))));

export function maintenanceRoutes({ db, maintenance, survey, settings, reinit }: MaintenanceRouteDeps): Route[] {
  const get = (id: string): RepoRow => {
    const repo = findRepo(db, id);
    if (!repo || repo.removedAt !== null) throw notFound("repo");
    return repo;
  };
  const show = (repo: RepoRow) => {
    const decisions = maintenance.decisions(repo);
    const executor = survey.executorOf(repo);
    return {
      enabled: repo.maintenanceEnabled,
      maintenance_host_id: repo.maintenanceHostId,
      runs_on: executor ? { id: executor.id, name: executor.name } : null,
      maintained_by_repo_id: survey.maintainerOf(repo)?.id ?? null,
      delete_right: survey.rightOf(repo),
      check_budget_bytes: repo.checkBudgetBytes,
      check_parts: partsFor(repo),
      check_next: nextSubset(repo),
      fully_read_since: iso(repo.fullyReadSince),
      ...Object.fromEntries(
        MAINTENANCE_KINDS.map((kind) => [
          kind,
          {
            cron: expressionOf(repo, kind),
            is_default: repo[`${kind}Cron`] === null,
            ...shownDecision(decisions[kind]),
          },
        ]),
      ),
    };
  };
  return [
    route({
      method: "GET",
      path: "/api/repos/:id/maintenance",
      access: "viewer",
      summary: "When and where a repo is maintained, and what is due",
      answers: { 200: maintenanceAnswer },
      handle: ({ c, params }) => c.json(show(get(params["id"] ?? ""))),
    }),
    route({
      method: "PUT",
      path: "/api/repos/:id/maintenance",
      access: "operator",
      action: "repo.maintenance_changed",
      summary: "Change when a repo is maintained; only admins choose the host that does it",
      example: { prune_cron: "0 5 1 * *", check_budget_bytes: 10737418240 },
      answers: { 200: maintenanceAnswer },
      body: v.strictObject({
        enabled: v.optional(v.boolean()),
        forget_cron: cron,
        prune_cron: cron,
        check_cron: cron,
        check_budget_bytes: v.optional(
          v.pipe(
            v.number("Enter a number of bytes."),
            v.integer("Enter a whole number of bytes."),
            v.minValue(0, "Enter 0 or more. With 0, checks read no data."),
            v.maxValue(Number.MAX_SAFE_INTEGER),
          ),
        ),
        maintenance_host_id: v.optional(v.nullable(v.string())),
      }),
      handle: ({ c, params, body, actor, session }) =>
        c.json(show(settings.change(actor, session.role, params["id"] ?? "", body))),
    }),
    ...MAINTENANCE_KINDS.map((kind) =>
      route({
        method: "POST",
        path: `/api/repos/:id/${kind}`,
        access: "operator",
        action: `job.${kind}_requested`,
        summary: SUMMARIES[kind],
        answers: { 202: orderedAnswer },
        errors: {
          409: [
            ...["repo_not_ready", "no_admin_credential", "nothing_to_forget", "retention_held", "deletion_held"],
            "host_archived",
          ],
        },
        body: v.strictObject({}),
        handle: ({ c, params, actor }) => {
          const { job } = maintenance.order(actor, params["id"] ?? "", kind);
          const host = findHost(db, job.hostId);
          return c.json({ job_id: job.id, runs_on: { id: job.hostId, name: host?.name ?? "" } }, 202);
        },
      }),
    ),
    route({
      method: "POST",
      path: "/api/repos/:id/reinit",
      access: "admin",
      action: "repo.reinitialised",
      summary: "Create a new repository where the agent no longer finds one",
      answers: { 202: reinitAnswer },
      errors: { 409: ["repository_exists", "deletion_held", "host_archived"] },
      body: v.strictObject({ confirm: v.string("Type the host's name."), backup_now: v.optional(v.boolean(), true) }),
      handle: ({ c, params, body, actor }) => {
        reinit(actor, params["id"] ?? "", { confirm: body.confirm, backupNow: body.backup_now });
        return c.json({ status: "unknown" }, 202);
      },
    }),
  ];
}

const SUMMARIES = {
  forget: "Remove snapshots by the retention of their groups",
  prune: "Free the space of data that no snapshot needs",
  check: "Check the repository, and read the next part of its data",
} as const;

function shownDecision(decision: Decision) {
  return {
    state: decision.is,
    why: decision.is === "blocked" ? decision.why : null,
    due_at: decision.is === "later" ? null : iso(decision.dueAt),
    next_at: decision.is === "later" ? iso(decision.nextAt) : null,
  };
}
