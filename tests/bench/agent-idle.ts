// Row: how much memory the compiled agent uses when it is idle.
import { MINUTE_MS, SECOND_MS } from "../../shared/time/clock.ts";
import { ensureTool } from "../testbed/tools.ts";
import { openAgentScene, smallFiles } from "./agent-scene.ts";
import { processorTime, residentMb } from "./process-cost.ts";
import type { Row } from "./row.ts";

const BACKUPS = 10;
const IDLE_MS = 3 * MINUTE_MS;
const LOOK_EVERY_MS = 5 * SECOND_MS;

export const agentIdle: Row = {
  name: "agent-idle",
  how: `the compiled agent after ${BACKUPS} small backups, connected and idle for ${IDLE_MS / MINUTE_MS} minutes (not the hour of the target)`,
  async run(context) {
    const restic = await ensureTool("restic-0.19");
    const source = await smallFiles(context);
    const scene = await openAgentScene(context, { restic, source });
    for (let n = 0; n < BACKUPS; n++) await scene.ended(await scene.run());
    await scene.quiet();
    const { pid } = scene.agent;
    const afterJobs = residentMb(pid);
    const before = processorTime(pid).ownMs;
    const resident: number[] = [];
    const startedAt = performance.now();
    while (performance.now() - startedAt < IDLE_MS) {
      await Bun.sleep(LOOK_EVERY_MS);
      resident.push(residentMb(pid));
    }
    const busyMs = processorTime(pid).ownMs - before;
    return [
      { what: "agent RSS, idle, at the end", value: resident.at(-1) ?? 0, unit: "MB", atMost: 50 },
      { what: "agent RSS, idle, highest", value: Math.max(...resident), unit: "MB" },
      { what: "agent RSS right after the last backup", value: afterJobs, unit: "MB" },
      { what: "agent CPU while idle", value: (100 * busyMs) / IDLE_MS, unit: "%" },
    ];
  },
};
