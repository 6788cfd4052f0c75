/** The handler of each kind of job; the type makes sure that none is missing. */
import type { CommandKind } from "../../../shared/protocol/to-agent.ts";
import { backup } from "./backup.ts";
import { check } from "./check.ts";
import { forget } from "./forget.ts";
import type { Handler } from "./handler.ts";
import { init } from "./init.ts";
import { probe } from "./probe.ts";
import { prune } from "./prune.ts";
import { snapshots } from "./snapshots.ts";
import { stats } from "./stats.ts";
import { unlock } from "./unlock.ts";
import { waitingForLocks } from "./wait-for-lock.ts";

export const HANDLERS: Record<CommandKind, Handler> = {
  backup: waitingForLocks(backup),
  check: waitingForLocks(check),
  forget: waitingForLocks(forget),
  init,
  probe,
  prune: waitingForLocks(prune),
  snapshots,
  stats,
  unlock,
};
