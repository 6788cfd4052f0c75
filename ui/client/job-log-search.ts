// Log search: shows the matching lines of the whole log, with the matches highlighted.
import type { LogLine } from "../../shared/protocol/fields.ts";
import { formatPlural } from "../format.ts";
import { lineItem } from "./job-log-line.ts";

const TYPING_MS = 200;
const SHOWN_HITS = 1_000;

function mark(item: HTMLLIElement, needle: string): void {
  const text = item.querySelector("p");
  const words = text?.textContent ?? "";
  const at = words.toLowerCase().indexOf(needle);
  if (!text || at < 0) return;
  const hit = document.createElement("mark");
  hit.textContent = words.slice(at, at + needle.length);
  text.replaceChildren(words.slice(0, at), hit, words.slice(at + needle.length));
}

/** Streams the log, so that a long one is never in memory as a whole. */
async function findLines(jobId: string, needle: string, signal: AbortSignal): Promise<LogLine[]> {
  const answer = await fetch(`/api/jobs/${jobId}/log.ndjson`, { signal });
  const hits: LogLine[] = [];
  if (!answer.ok || !answer.body) return hits;
  let rest = "";
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const lines = (rest + value).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (!line.toLowerCase().includes(needle)) continue;
      const parsed = JSON.parse(line) as Omit<LogLine, "ts"> & { ts: string };
      if (parsed.payload.toLowerCase().includes(needle)) hits.push({ ...parsed, ts: Date.parse(parsed.ts) });
    }
  }
  return hits;
}

export function startLogSearch(parts: { section: HTMLElement; list: HTMLElement; jobId: string }): void {
  const { section, list, jobId } = parts;
  const input = section.querySelector<HTMLInputElement>("#log-search");
  const hits = section.querySelector<HTMLOListElement>("#log-hits");
  const count = section.querySelector<HTMLElement>("#log-count");
  if (!input || !hits || !count) return;
  let running: AbortController | null = null;
  let pending: ReturnType<typeof setTimeout> | undefined;
  const before = { words: "" };

  const search = async () => {
    running?.abort();
    const needle = input.value.trim().toLowerCase();
    const searching = needle.length >= 2;
    if (!list.hidden && searching) before.words = count.textContent ?? "";
    list.hidden = searching;
    hits.hidden = !searching;
    if (!searching) {
      if (before.words) count.textContent = before.words;
      return;
    }
    running = new AbortController();
    try {
      const lines = await findLines(jobId, needle, running.signal);
      const items = lines.slice(0, SHOWN_HITS).map(lineItem);
      for (const item of items) mark(item, needle);
      hits.replaceChildren(...items);
      count.textContent = formatPlural(lines.length, "match", "matches");
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "AbortError")) count.textContent = "search failed";
    }
  };
  input.addEventListener("input", () => {
    clearTimeout(pending);
    pending = setTimeout(search, TYPING_MS);
  });
}
