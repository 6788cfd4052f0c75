// Updates relative times between polls, by the server's clock.
import { formatRelative } from "../format.ts";

const EVERY_MS = 10_000;

/** Milliseconds to add to this machine's clock to get the server's, measured when the page loaded. */
export function clockOffset(): number {
  const served = Number(document.body.dataset.now);
  return served > 0 ? served - performance.timeOrigin - performance.now() : 0;
}

export function startTimes(): void {
  const offset = clockOffset();
  const refresh = () => {
    const now = Date.now() + offset;
    for (const time of document.querySelectorAll<HTMLTimeElement>("time[data-ago]")) {
      const words = formatRelative(Date.parse(time.dateTime), now);
      if (time.textContent !== words) time.textContent = words;
    }
    setTimeout(refresh, EVERY_MS);
  };
  setTimeout(refresh, EVERY_MS);
}
