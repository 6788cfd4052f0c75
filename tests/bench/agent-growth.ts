// Row: whether the compiled agent's memory grows over a busy day, one backup after the other.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureTool } from "../testbed/tools.ts";
import { openAgentScene, smallFiles } from "./agent-scene.ts";
import { median } from "./figures.ts";
import { residentMb } from "./process-cost.ts";
import type { Row } from "./row.ts";

/** One every quarter of an hour. */
const BACKUPS = 96;
/** The heap has found its size by then. */
const SETTLED_AFTER = 24;
/** Memory is looked at in so many places of each half. */
const LOOKS = 12;

export const agentGrowth: Row = {
  name: "agent-growth",
  how: `${BACKUPS} backups of 100 files with all that follows them, as a day with one every 15 minutes; the median of ${LOOKS} looks at the end against ${LOOKS} after the ${SETTLED_AFTER}th`,
  async run(context) {
    const restic = await ensureTool("restic-0.19");
    const source = await smallFiles(context);
    const scene = await openAgentScene(context, { restic, source });
    const resident: number[] = [];
    for (let n = 0; n < BACKUPS; n++) {
      writeFileSync(join(source, "changing"), `version ${n}`);
      const { status } = await scene.ended(await scene.run());
      if (status !== "succeeded") throw new Error(`backup ${n} ended as ${status}`);
      resident.push(residentMb(scene.agent.pid));
    }
    await scene.quiet();
    const early = median(resident.slice(SETTLED_AFTER, SETTLED_AFTER + LOOKS));
    const late = median(resident.slice(-LOOKS));
    return [
      { what: "agent RSS late in the day ÷ early", value: late / early, unit: "×", atMost: 1.05 },
      { what: "agent RSS, early", value: early, unit: "MB" },
      { what: "agent RSS, late", value: late, unit: "MB" },
    ];
  },
};
