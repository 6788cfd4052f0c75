/** Changes the maintenance settings of a repo: when it is maintained, and by which host. */
import type { Db } from "../../db/open.ts";
import { findHost } from "../../db/queries/hosts.ts";
import { listOpenJobsOfRepo } from "../../db/queries/jobs.ts";
import { findRepo, updateRepo } from "../../db/queries/repos.ts";
import type { RepoRow } from "../../db/schema/repos.ts";
import type { Role } from "../../db/schema/users.ts";
import { inTransaction } from "../../db/transaction.ts";
import { MAINTENANCE_KINDS } from "../../shared/maintenance.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { parseCron } from "../../shared/time/cron.ts";
import { badInput, notFound, Refusal } from "../http/errors.ts";
import type { CancelJob } from "../jobs/cancel.ts";
import { type Actor, writeAudit } from "../runtime/audit.ts";
import type { FactBus } from "../runtime/facts.ts";
import { OFF } from "./cadence.ts";

/** Omitted fields stay. For expressions null is the default and `off` is never. */
export type MaintenanceInput = {
  enabled?: boolean | undefined;
  forget_cron?: string | null | undefined;
  prune_cron?: string | null | undefined;
  check_cron?: string | null | undefined;
  check_budget_bytes?: number | undefined;
  /** null = the repo's own host. Admins only, because this host receives the right to delete. */
  maintenance_host_id?: string | null | undefined;
};

export type MaintenanceSettings = {
  /** @throws Refusal 400 with fields, 403, 404 */
  change(actor: Extract<Actor, { kind: "user" }>, role: Role, repoId: string, input: MaintenanceInput): RepoRow;
};

const CRONS = ["forget_cron", "prune_cron", "check_cron"] as const;
const COLUMNS = { forget_cron: "forgetCron", prune_cron: "pruneCron", check_cron: "checkCron" } as const;

type Deps = { db: Db; clock: Clock; bus: FactBus; cancel: CancelJob };

export function createMaintenanceSettings({ db, clock, bus, cancel }: Deps): MaintenanceSettings {
  return {
    change(actor, role, repoId, input) {
      const repo = findRepo(db, repoId);
      if (!repo || repo.removedAt !== null) throw notFound("repo");
      const changes = changesOf(db, repo, input);
      const names = Object.keys(changes);
      if (names.includes("maintenanceHostId") && role !== "admin")
        throw new Refusal(403, "forbidden", "Only an admin may choose which host receives the right to delete.");
      const now = clock.now();
      inTransaction(db, () => {
        const restarts = names.some((name) => name.endsWith("Cron") || name === "maintenanceEnabled");
        // With another division of the data the round starts again, or parts would be missed.
        const round = names.includes("checkBudgetBytes")
          ? { checkNextPart: 1, checkParts: null, checkRoundSince: null }
          : {};
        updateRepo(db, repoId, {
          ...changes,
          ...round,
          ...(restarts ? { maintenanceSince: now } : {}),
          updatedAt: now,
        });
        writeAudit(db, now, {
          actor,
          action: "repo.maintenance_changed",
          target: { kind: "repo", id: repo.id, name: repo.name },
          payload: { changed: changes },
        });
      });
      // A job still waiting for the former host would give it the right to delete after all.
      if (names.includes("maintenanceHostId"))
        for (const job of listOpenJobsOfRepo(db, repoId))
          if (job.status === "queued" && (MAINTENANCE_KINDS as readonly string[]).includes(job.kind))
            cancel(actor, job.id);
      bus.publish("repo.changed", { repoId, hostId: repo.hostId });
      return findRepo(db, repoId) as RepoRow;
    },
  };
}

/** Only fields that differ. */
function changesOf(db: Db, repo: RepoRow, input: MaintenanceInput): Partial<RepoRow> {
  const fields: Record<string, string> = {};
  const changes: Partial<RepoRow> = {};
  for (const name of CRONS) {
    const value = input[name];
    if (value === undefined) continue;
    const expression = value?.trim() || null;
    if (expression !== null && expression !== OFF) {
      const parsed = parseCron(expression);
      if (!parsed.ok) fields[name] = parsed.problem;
    }
    if (expression !== repo[COLUMNS[name]]) changes[COLUMNS[name]] = expression;
  }
  if (input.enabled !== undefined && input.enabled !== repo.maintenanceEnabled)
    changes.maintenanceEnabled = input.enabled;
  const budget = input.check_budget_bytes;
  if (budget !== undefined && !(Number.isSafeInteger(budget) && budget >= 0))
    fields["check_budget_bytes"] = "Enter 0 or more. With 0, checks read no data.";
  else if (budget !== undefined && budget !== repo.checkBudgetBytes) changes.checkBudgetBytes = budget;
  const hostId = input.maintenance_host_id;
  if (hostId !== undefined) {
    const wanted = hostId === repo.hostId ? null : hostId;
    const problem = wanted === null ? null : hostProblem(db, repo, wanted);
    if (problem) fields["maintenance_host_id"] = problem;
    if (wanted !== repo.maintenanceHostId) changes.maintenanceHostId = wanted;
  }
  if (Object.keys(fields).length > 0) throw badInput(fields);
  return changes;
}

function hostProblem(db: Db, repo: RepoRow, hostId: string): string | null {
  const host = findHost(db, hostId);
  if (!host || host.archivedAt !== null) return "This host does not exist.";
  return repo.kind === "local" ? "A folder on a host can only be maintained by that host." : null;
}
