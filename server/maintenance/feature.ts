/** Maintenance of repos: what is due, what a forget may remove, its results and its settings. */
import type { JobRow } from "../../db/schema/jobs.ts";
import type { AgentFeature } from "../agents/feature.ts";
import type { HostFeature } from "../hosts/feature.ts";
import type { JobFeature } from "../jobs/feature.ts";
import type { Listeners } from "../runtime/facts.ts";
import type { World } from "../runtime/world.ts";
import type { SourceGroupFeature } from "../source-groups/feature.ts";
import { createMaintenanceAgenda } from "./agenda.ts";
import { createForgetPlanner } from "./forget-plan.ts";
import { createHeavyLimit } from "./heavy-limit.ts";
import { createMaintenance, maintenanceTicks } from "./maintenance.ts";
import { createPlannedRemovals } from "./planned-removals.ts";
import { createReinit } from "./reinit.ts";
import { createMaintenanceResults } from "./results.ts";
import { maintenanceRoutes } from "./routes.ts";
import { createMaintenanceSettings } from "./settings.ts";
import { createMaintenanceSurvey } from "./survey.ts";

export type MaintenancePlanning = ReturnType<typeof maintenancePlanning>;

/** The part that jobs need before they are sent. */
export function maintenancePlanning(
  world: World,
  { agents, hosts, groups }: { agents: AgentFeature; hosts: HostFeature; groups: SourceGroupFeature },
) {
  const { confirmations } = groups;
  const survey = createMaintenanceSurvey({ ...world, hub: agents.hub, lastSeenAt: hosts.lastSeenAt });
  const planner = createForgetPlanner({ ...world, confirmations, survey });
  const removals = createPlannedRemovals(world.db);
  return {
    survey,
    planner,
    removals,
    limit: createHeavyLimit(world),
    planForget(job: JobRow) {
      const plan = planner.plan(job);
      removals.sent(job, plan);
      return plan;
    },
  };
}

export type MaintenanceFeature = ReturnType<typeof maintenanceFeature>;

export type MaintenanceNeeds = { planning: MaintenancePlanning; groups: SourceGroupFeature; jobs: JobFeature };

export function maintenanceFeature(world: World, { planning, groups, jobs }: MaintenanceNeeds) {
  const { survey, planner, removals } = planning;
  const { maker, cancel } = jobs;
  const maintenance = createMaintenance({ ...world, maker, planner, survey });
  const results = createMaintenanceResults({ ...world, confirmations: groups.confirmations, maker });
  const agenda = createMaintenanceAgenda(world);
  const settings = createMaintenanceSettings({ ...world, cancel });
  const reinit = createReinit(world);
  return {
    survey,
    maintenance,
    maintenanceSettings: settings,
    reinit,
    routes: maintenanceRoutes({ ...world, maintenance, survey, settings, reinit }),
    listeners: {
      "job.finished"({ jobId }) {
        removals.ended(jobId);
        results.jobFinished(jobId);
      },
    } satisfies Listeners,
    ticks: maintenanceTicks({ agenda, clock: world.clock }, maintenance, results),
  };
}
