/** Which restic the agent would use now, without downloading anything. */

import { silentLog } from "../../shared/log.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { type AgentEnvironment, findConfig } from "../config.ts";
import { createResticFinder, type FoundRestic } from "../restic/binary.ts";

export async function findRestic(environment: AgentEnvironment, clock: Clock): Promise<FoundRestic> {
  const found = findConfig(environment);
  const isForbidden = found.found === "ok" && !found.config.allow_update;
  return await createResticFinder({
    configuredPath: found.found === "ok" ? found.config.restic_path : null,
    binFolder: environment.binFolder,
    childBase: environment.childBase,
    serversCopy: { may: isForbidden ? "not_be_fetched" : "wait" },
    clock,
    log: silentLog,
  }).search();
}
