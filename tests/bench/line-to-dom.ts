// Row: the time from restic printing a line until it appears in a real browser's document.
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openSignedInPage, type TestPage } from "../testbed/browser.ts";
import { ensureTool } from "../testbed/tools.ts";
import { until } from "../testbed/wait.ts";
import { openAgentScene } from "./agent-scene.ts";
import { percentile } from "./figures.ts";
import type { Row } from "./row.ts";

const LINES = 200;
const MARK = "printed at ";

export const lineToDom: Row = {
  name: "line-to-dom",
  how: `a program in restic's place prints ${LINES} error lines with the time, 10 to 90 ms apart; a MutationObserver on the job's page notes when each arrives`,
  async run(context) {
    const restic = await ensureTool("restic-0.19");
    const folder = await context.cleanup.tempFolder();
    const source = join(folder, "source");
    mkdirSync(source);
    writeFileSync(join(source, "letter.txt"), "hello");
    const goSign = join(folder, "go");
    const printer = join(import.meta.dir, "line-printer.ts");
    const wrapper = join(folder, "restic-wrapper");
    const backup = `exec '${process.execPath}' '${printer}' '${goSign}' ${LINES} '${MARK}'`;
    writeFileSync(wrapper, `#!/bin/sh\nif [ "$1" = backup ]; then ${backup}; fi\nexec '${restic}' "$@"\n`);
    chmodSync(wrapper, 0o755);
    const scene = await openAgentScene(context, { restic: wrapper, source });
    const page = await openSignedInPage(context.cleanup, scene.server.url);

    const jobId = await scene.run();
    await page.goto(`/jobs/${jobId}`);
    await observe(page);
    writeFileSync(goSign, "");
    const seen = () => page.evaluate(() => (window as unknown as { seen: number[] }).seen);
    await until(async () => (await seen()).length >= LINES, { timeoutMs: 60_000, everyMs: 200, what: "all lines" });
    const waits = await seen();
    return [
      { what: "restic prints a line → it is in the DOM, p95", value: percentile(waits, 0.95), unit: "ms", atMost: 300 },
      { what: "restic prints a line → it is in the DOM, median", value: percentile(waits, 0.5), unit: "ms" },
      { what: "restic prints a line → it is in the DOM, slowest", value: Math.max(...waits), unit: "ms" },
    ];
  },
};

/** `window.seen` grows by the age of each marked line at the moment in which it enters the list. */
async function observe(page: TestPage): Promise<void> {
  await page.waitForSelector("#log-list", { state: "attached" });
  await page.evaluate((mark) => {
    const seen: number[] = [];
    Object.assign(window, { seen });
    new MutationObserver((records) => {
      const now = Date.now();
      for (const node of records.flatMap((record) => [...record.addedNodes])) {
        const at = new RegExp(`${mark}(\\d+)`).exec(node.textContent ?? "")?.[1];
        if (at !== undefined) seen.push(now - Number(at));
      }
    }).observe(document.querySelector("#log-list") as Node, { childList: true });
  }, MARK);
}
