/** Orders forget, prune and check, manually and when they are due. */
import type { Db } from "../../db/open.ts";
import { findRepo, listRepoCalls } from "../../db/queries/repos.ts";
import type { RepoRow } from "../../db/schema/repos.ts";
import type { Log } from "../../shared/log.ts";
import { MAINTENANCE_KINDS, type MaintenanceKind } from "../../shared/maintenance.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { deletionHeld, readHold } from "../deletion-holds/read-hold.ts";
import { notFound, Refusal } from "../http/errors.ts";
import type { CreatedJob, JobMaker } from "../jobs/create.ts";
import type { Actor } from "../runtime/audit.ts";
import { createIsolation, type Failing, StillFailing } from "../runtime/isolated.ts";
import type { Tick } from "../runtime/ticker.ts";
import { breathe } from "../runtime/turns.ts";
import { type MaintenanceAgenda, nextEvaluation, ROUND_EVERY_MS } from "./agenda.ts";
import { nextSubset } from "./check-plan.ts";
import { type Decisions, decide } from "./decide.ts";
import { type ForgetPlanner, MOST_REPLANS } from "./forget-plan.ts";
import type { MaintenanceResults } from "./results.ts";
import type { ForgetState } from "./rules.ts";
import type { MaintenanceSurvey } from "./survey.ts";

export type Maintenance = {
  /** @throws Refusal 404, 409 `repo_not_ready`, `no_admin_credential`, `nothing_to_forget`, `retention_held`, `deletion_held`, `host_archived` */
  order(actor: Actor, repoId: string, kind: MaintenanceKind): CreatedJob;
  /** What is due for a repo now, and when the rest is due. */
  decisions(repo: RepoRow): Decisions;
  /** Orders what is due for these repos, yielding to other work in between. Without `repoIds`, for all repos. */
  orderDue(repoIds?: readonly string[], evaluated?: (repoId: string, decisions: Decisions) => void): Promise<void>;
};

/** Repos evaluated before other work gets its turn. */
const AT_A_STRETCH = 3;

export type MaintenanceDeps = {
  db: Db;
  clock: Clock;
  log: Log;
  maker: JobMaker;
  planner: Pick<ForgetPlanner, "groupsOf">;
  survey: MaintenanceSurvey;
};

export function createMaintenance({ db, clock, log, maker, planner, survey }: MaintenanceDeps): Maintenance {
  const system = { kind: "system" } as const;
  const isolation = createIsolation({ task: "order its maintenance", of: "repo", clock, log });
  const decisions: Maintenance["decisions"] = (repo) => {
    const now = clock.now();
    return decide(now, survey.factsOf(repo, now), survey.lastJobs(repo));
  };

  const argsOf = (repo: RepoRow, kind: MaintenanceKind): Record<string, unknown> => {
    if (kind === "check") return { restic_id: repo.resticId, subset: nextSubset(repo) };
    if (kind === "prune") return { restic_id: repo.resticId };
    // The snapshots to remove are chosen when the order is sent. Evaluating the groups comes first, because it may cause a new hold.
    if (planner.groupsOf(repo).length === 0) throw nothingToForget(repo, survey.forgetsInto(repo));
    return { replans_left: MOST_REPLANS };
  };

  const order: Maintenance["order"] = (actor, repoId, kind) => {
    const repo = findRepo(db, repoId);
    if (!repo || repo.removedAt !== null) throw notFound("repo");
    const executor = survey.executorOf(repo);
    if (!executor) throw notFound("host");
    if (executor.archivedAt !== null)
      throw new Refusal(409, "host_archived", `${executor.name} is archived, so no jobs can run on it.`);
    if (repo.status !== "ready")
      throw new Refusal(409, "repo_not_ready", `${repo.name} cannot be opened at the moment. Fix that first.`);
    const hold = kind === "check" ? null : readHold(db, repo);
    if (hold) throw deletionHeld(hold);
    if (kind !== "check" && survey.rightOf(repo) === "none") throw noAdminCredential(repo);
    const jobOrder = { hostId: executor.id, kind, repoId, sourceGroupId: null, args: argsOf(repo, kind) };
    const [created] = maker.create(actor, [jobOrder], { kind: "repo", id: repo.id, name: repo.name });
    return created as CreatedJob;
  };

  const orderDueOf = (repo: RepoRow): Decisions => {
    const due = decisions(repo);
    for (const kind of MAINTENANCE_KINDS) {
      if (due[kind].is !== "due") continue;
      try {
        order(system, repo.id, kind);
      } catch (error) {
        // Found only between the decision and the order: a policy that is now held.
        if (!(error instanceof Refusal)) throw error;
        log.info("due maintenance was not ordered", { repo_id: repo.id, repo: repo.name, kind, why: error.message });
      }
    }
    return due;
  };

  return {
    order,
    decisions,
    async orderDue(repoIds = listRepoCalls(db).map(({ id }) => id), evaluated = () => {}) {
      for (const [at, id] of repoIds.entries()) {
        if (at % AT_A_STRETCH === AT_A_STRETCH - 1) await breathe();
        // Other work ran in between and may have changed it.
        const repo = findRepo(db, id);
        if (!repo || repo.removedAt !== null) continue;
        isolation.attempt(repo.id, () => evaluated(repo.id, orderDueOf(repo)));
      }
      isolation.conclude();
    },
  };
}

function nothingToForget({ name }: RepoRow, state: ForgetState): Refusal {
  const words: Record<ForgetState, string> = {
    some: `The groups backed up into ${name} have just changed. Try again.`,
    held: `The retention policy would remove existing snapshots from ${name}, so it awaits confirmation. Confirm or change it on the page of the source group.`,
    not_listed: `The snapshots in ${name} have not been listed yet, so it is not known what forget would remove. They are listed automatically after the next backup.`,
    keeps_everything: `Every source group backed up into ${name} keeps all its snapshots, so there is nothing to forget. Give a group a retention policy first.`,
    saved_nothing: `The newest backup into ${name} saved no files, so older snapshots are kept until a backup saves files again. The page of that job says what to do.`,
    no_groups: `No source group is backed up into ${name}, so there is no retention policy to apply.`,
  };
  return new Refusal(409, state === "held" ? "retention_held" : "nothing_to_forget", words[state]);
}

/** Results are recorded before due maintenance is decided. */
export function maintenanceTicks(
  { agenda, clock }: { agenda: MaintenanceAgenda; clock: Clock },
  maintenance: Maintenance,
  results: MaintenanceResults,
): Tick[] {
  const run = async () => {
    const failing: Failing[] = [];
    const repoIds = agenda.round();
    const evaluated = (repoId: string, decisions: Decisions) =>
      agenda.evaluated(repoId, nextEvaluation(decisions, clock.now()));
    for (const step of [() => results.catchUp(repoIds), () => maintenance.orderDue(repoIds, evaluated)]) {
      try {
        await step();
      } catch (error) {
        if (!(error instanceof StillFailing)) throw error;
        failing.push(...error.failing);
      }
    }
    for (const { id } of failing) agenda.failed(id);
    if (failing.length > 0) throw new StillFailing(failing);
  };
  return [{ name: "maintenance", everyMs: ROUND_EVERY_MS, run }];
}

function noAdminCredential(repo: Pick<RepoRow, "name">): Refusal {
  return new Refusal(
    409,
    "no_admin_credential",
    `${repo.name} has no admin credential, and its everyday credential must not delete. Enter an admin credential on the repo's page, such as an address of the repo server without --append-only.`,
  );
}
