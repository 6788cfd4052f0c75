/** What pages may use: reads of the database, the same operations as REST, and who is connected. */
import type { Db } from "../db/open.ts";
import type { HostRow } from "../db/schema/hosts.ts";
import type { Clock } from "../shared/clock.ts";
import type { Hub } from "./agents/hub.ts";
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
import type { Credentials } from "./repos/credentials.ts";
import type { SourceGroups } from "./source-groups/groups.ts";
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
  credentials: Credentials;
  orders: Orders;
  cancel: CancelJob;
  tokens: EnrollmentTokens;
  upkeep: Upkeep;
  /** Names the server key without telling it. */
  keyId: string;
  announcements: Announcements;
  lastSeenAt(host: Pick<HostRow, "id" | "lastSeenAt">): number | null;
  originOf(c: AppContext): Origin;
  findSession(c: AppContext, from: Origin): Session | null;
};
