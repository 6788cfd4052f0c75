/** What pages may use: reads of the database, the same operations as REST, and who is connected. */
import type { Db } from "../db/open.ts";
import type { HostRow } from "../db/schema/hosts.ts";
import type { Clock } from "../shared/clock.ts";
import type { Hub } from "./agents/hub.ts";
import type { Intake } from "./agents/intake.ts";
import type { FirstRun } from "./auth/first-run.ts";
import type { SessionStore } from "./auth/sessions.ts";
import type { SignIn } from "./auth/sign-in.ts";
import type { Fleet } from "./dashboard/fleet.ts";
import type { Announcements } from "./enrollment/announcements.ts";
import type { EnrollmentTokens } from "./enrollment/tokens.ts";
import type { Hosts } from "./hosts/hosts.ts";
import type { Assets } from "./http/assets.ts";
import type { AppContext, Origin, Session } from "./http/routes.ts";
import type { CancelJob } from "./jobs/cancel.ts";
import type { Orders } from "./jobs/orders.ts";
import type { LiveJobs } from "./jobs/stream.ts";
import type { Maintenance } from "./maintenance/maintenance.ts";
import type { Reinit } from "./maintenance/reinit.ts";
import type { MaintenanceSettings } from "./maintenance/settings.ts";
import type { MaintenanceSurvey } from "./maintenance/survey.ts";
import type { Credentials } from "./repos/credentials.ts";
import type { Repos } from "./repos/repos.ts";
import type { Schedules } from "./schedules/schedules.ts";
import type { SourceGroups } from "./source-groups/groups.ts";
import type { RetentionHolds } from "./source-groups/holds.ts";
import type { Hooks } from "./source-groups/hooks.ts";
import type { Upkeep } from "./upkeep/upkeep.ts";
import type { Accounts } from "./users/accounts.ts";

export type PageDeps = {
  db: Db;
  clock: Clock;
  assets: Assets;
  hub: Hub;
  fleet: Fleet;
  live: LiveJobs;
  sessions: SessionStore;
  signIn: SignIn;
  firstRun: FirstRun;
  accounts: Accounts;
  hosts: Hosts;
  groups: SourceGroups;
  holds: RetentionHolds;
  hooks: Hooks;
  schedules: Schedules;
  credentials: Credentials;
  repos: Repos;
  maintenance: Maintenance;
  maintenanceSettings: MaintenanceSettings;
  survey: MaintenanceSurvey;
  reinit: Reinit;
  orders: Orders;
  cancel: CancelJob;
  tokens: EnrollmentTokens;
  upkeep: Upkeep;
  /** Names the server key without telling it. */
  keyId: string;
  announcements: Announcements;
  /** Of the server's self-signed certificate; null when it has none. */
  pin: string | null;
  /** What the server held back of a host's reports. */
  findIntakeNote: Intake["findNote"];
  lastSeenAt(host: Pick<HostRow, "id" | "lastSeenAt">): number | null;
  originOf(c: AppContext): Origin;
  findSession(c: AppContext, from: Origin): Session | null;
};
