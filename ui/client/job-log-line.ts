// Builds the list item for one line of a job's log.
import type { LogLine } from "../../shared/protocol/fields.ts";
import { createDates } from "../format.ts";

export const dates = createDates(Intl.DateTimeFormat().resolvedOptions().timeZone);

/** The payload is never parsed as HTML. */
export function lineItem({ seq, ts, stream, payload }: LogLine): HTMLLIElement {
  const item = document.createElement("li");
  item.dataset.seq = String(seq);
  if (stream !== "stdout") item.className = stream;
  const time = document.createElement("time");
  time.textContent = dates.clock(ts);
  const source = document.createElement("span");
  source.className = "src";
  source.textContent = stream;
  const text = document.createElement("p");
  text.textContent = payload;
  item.append(time, source, text);
  return item;
}
