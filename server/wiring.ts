/** Lists the features by rank and gives each what it needs. The only place where features meet. */
import { agentUpdateFeature } from "./agent-updates/feature.ts";
import { agentChannel, agentFeature } from "./agents/feature.ts";
import { apiDocsFeature } from "./api-docs/feature.ts";
import { auditFeature } from "./audit/feature.ts";
import { authFeature } from "./auth/feature.ts";
import { dashboardFeature } from "./dashboard/feature.ts";
import { deletionHoldFeature } from "./deletion-holds/feature.ts";
import { desiredStateFeature } from "./desired-state/feature.ts";
import { createDesiredStates } from "./desired-state/states.ts";
import { enrollmentFeature } from "./enrollment/feature.ts";
import { assemble, type Feature, type WiredServer } from "./features.ts";
import { hostFeature } from "./hosts/feature.ts";
import { httpFeature } from "./http/feature.ts";
import { jobFeature } from "./jobs/feature.ts";
import { evaluateDayAt } from "./jobs/outcomes.ts";
import { createLiveJobs } from "./jobs/stream.ts";
import { maintenanceFeature, maintenancePlanning } from "./maintenance/feature.ts";
import { repoPageFeature } from "./repo-page/feature.ts";
import { createCredentials } from "./repos/credentials.ts";
import { repoFeature } from "./repos/feature.ts";
import { createStorage } from "./runtime/storage.ts";
import { createTicker } from "./runtime/ticker.ts";
import { createWorld, type ServerParts } from "./runtime/world.ts";
import { createDueAccounting } from "./schedules/accounting.ts";
import { scheduleFeature } from "./schedules/feature.ts";
import { settingsFeature } from "./settings/feature.ts";
import { snapshotFeature } from "./snapshots/feature.ts";
import { sourceGroupFeature } from "./source-groups/feature.ts";
import { createHookTexts } from "./source-groups/hook-texts.ts";
import { createHooks } from "./source-groups/hooks.ts";
import { createUpkeep } from "./upkeep/upkeep.ts";
import { userFeature } from "./users/feature.ts";

export async function wire(parts: ServerParts, { dev = false, checkAnswers = false } = {}): Promise<WiredServer> {
  const world = createWorld(parts);
  const ticker = createTicker(world);
  const storage = createStorage(world);

  // What lower features need from higher ones is made from the world alone and passed down.
  const updates = await agentUpdateFeature(world);
  const { updateKeys } = updates;
  const credentials = createCredentials(world);
  const hookTexts = createHookTexts(world);
  const states = createDesiredStates({ ...world, credentials, hooks: hookTexts, updateKeys });
  const checkStateSize = states.checkSize;
  const hooks = createHooks({ ...world, texts: hookTexts, checkStateSize });
  const accounting = createDueAccounting(world);
  const live = createLiveJobs(world);
  const shareOf = (jobId: string) => live.progressOf(jobId)?.percent_done ?? null;

  const http = await httpFeature(world, { storage, dev });
  const auth = authFeature(world, { http });
  const users = userFeature(world, { http, auth });
  const agents = agentFeature(world);
  const hosts = hostFeature(world, { http, agents, accounting, shareOf, hooks });
  const repos = repoFeature(world, { http, agents, hosts, credentials });
  const deletionHolds = deletionHoldFeature(world, { http });
  const groups = sourceGroupFeature(world, { http, hosts, hooks, checkStateSize });
  const schedules = scheduleFeature(world, { http, hosts, accounting, checkStateSize, evaluateDayAt });
  const desired = desiredStateFeature(world, { agents, states });
  const planning = maintenancePlanning(world, { agents, hosts, groups });
  const jobs = jobFeature(world, { http, agents, hosts, repos, live, desired, planning });
  const enrollment = enrollmentFeature(world, {
    http,
    agents,
    repos,
    groups,
    schedules,
    accounting,
    updateKeys,
    shareOf,
  });
  const snapshots = snapshotFeature(world, { http, agents, hosts, jobs, removalsOf: planning.removals.of });
  const maintenance = maintenanceFeature(world, { planning, groups, jobs });
  const repoPage = repoPageFeature(world, { http, agents, repos, maintenance });
  const upkeep = createUpkeep({ ...world, storage, overdue: ticker.overdue });
  const dashboard = dashboardFeature(world, { http, agents, hosts, enrollment, shareOf });
  const audit = auditFeature(world, { http });
  const settings = settingsFeature(world, { http, users, repos, upkeep });
  const ranked: Feature[] = [
    ...[storage, http, auth, users, hosts, repos, deletionHolds, groups, schedules, desired, jobs, enrollment],
    ...[updates, snapshots, maintenance, repoPage, upkeep, dashboard, audit, settings],
  ];
  const { reconcile } = jobs;
  const channel = agentChannel(world, { agents, presence: hosts.presence, reconcile, features: ranked });
  const apiDocs = apiDocsFeature({ http, others: [channel, ...ranked] });
  return assemble(world, { http, auth, audit, ticker, checkAnswers }, [channel, ...ranked, apiDocs]);
}
