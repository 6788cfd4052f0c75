// Row: the time from the click on Run now until the restic process exists on the host.
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureTool } from "../testbed/tools.ts";
import { until } from "../testbed/wait.ts";
import { openAgentScene } from "./agent-scene.ts";
import { percentile } from "./figures.ts";
import type { Row } from "./row.ts";

const CLICKS = 30;
const WARM_UP = 2;

export const runNow: Row = {
  name: "run-now",
  how: `${CLICKS} times on a connected, idle host: from sending the request until a wrapper named restic has been started and has read the clock`,
  async run(context) {
    const restic = await ensureTool("restic-0.19");
    const folder = await context.cleanup.tempFolder();
    const source = join(folder, "source");
    mkdirSync(source);
    writeFileSync(join(source, "letter.txt"), "hello");
    const times = join(folder, "times");
    const wrapper = join(folder, "restic-wrapper");
    // One more process is started before the clock is read: the figure includes it.
    writeFileSync(wrapper, `#!/bin/sh\ndate +%s%N >> '${times}'\nexec '${restic}' "$@"\n`);
    chmodSync(wrapper, 0o755);
    const scene = await openAgentScene(context, { restic: wrapper, source });
    const waits: number[] = [];
    for (let n = 0; n < WARM_UP + CLICKS; n++) {
      await scene.quiet();
      rmSync(times, { force: true });
      const clickedAt = Date.now();
      const jobId = await scene.run();
      const first = await until(() => existsSync(times) && readFileSync(times, "utf8").split("\n")[0], {
        everyMs: 2,
        what: "restic",
      });
      if (n >= WARM_UP) waits.push(Number(BigInt(first) / 1000n) / 1000 - clickedAt);
      const { status } = await scene.ended(jobId);
      if (status !== "succeeded") throw new Error(`the backup ended as ${status}`);
    }
    return [
      { what: "Run now → restic process exists, p95", value: percentile(waits, 0.95), unit: "ms", atMost: 100 },
      { what: "Run now → restic process exists, median", value: percentile(waits, 0.5), unit: "ms" },
    ];
  },
};
