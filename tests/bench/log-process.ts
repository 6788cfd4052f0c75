// Program: five browsers that follow one job in a separate process; counts the lines they receive and finds missing ones.
import type { LogLine } from "../../shared/protocol/fields.ts";

export type Follow = { url: string; cookie: string; jobId: string; browsers: number };
export type FollowReport = {
  open: number;
  /** Lines that the slowest browser has got, in unbroken order. */
  slowest: number;
  /** Breaks in the order of line numbers: lost, doubled or out of order. */
  breaks: number;
  finished: number;
};

const REPORT_EVERY_MS = 100;
type Browser = { last: number; breaks: number; open: boolean; finished: boolean };
const browsers: Browser[] = [];

process.on("message", (follow: Follow) => {
  for (let n = 0; n < follow.browsers; n++) browsers.push(openBrowser(follow));
});
process.on("disconnect", () => process.exit(0));

setInterval(() => {
  const count = (is: (browser: Browser) => boolean) => browsers.filter(is).length;
  const report: FollowReport = {
    open: count((browser) => browser.open),
    slowest: Math.min(...browsers.map((browser) => browser.last)),
    breaks: browsers.reduce((sum, browser) => sum + browser.breaks, 0),
    finished: count((browser) => browser.finished),
  };
  if (browsers.length > 0) process.send?.(report);
}, REPORT_EVERY_MS);

function openBrowser({ url, cookie, jobId }: Follow): Browser {
  const browser: Browser = { last: 0, breaks: 0, open: false, finished: false };
  const ws = new WebSocket(`${url.replace(/^http/, "ws")}/api/jobs/${jobId}/stream?after_seq=0`, {
    headers: { cookie, origin: url },
  } as never);
  ws.addEventListener("open", () => {
    browser.open = true;
  });
  ws.addEventListener("message", (event) => {
    const { type, payload } = JSON.parse(String(event.data)) as { type: string; payload: { lines: LogLine[] } };
    if (type === "job.finished") browser.finished = true;
    if (type !== "log.stream") return;
    for (const { seq } of payload.lines) {
      if (seq !== browser.last + 1) browser.breaks += 1;
      browser.last = seq;
    }
  });
  return browser;
}
