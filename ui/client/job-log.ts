// The live log: paints lines once per frame, folds older ones away, and stops following when scrolled up.
import type { LogLine } from "../../shared/protocol/fields.ts";
import { formatCount, formatPlural } from "../format.ts";
import { lineItem } from "./job-log-line.ts";
import { startLogSearch } from "./job-log-search.ts";

/** Lines kept in the page. Older ones are folded and fetched again when opened. */
const PAINTED_LINES = 1_500;
/** Lines fetched each time a fold is opened. */
const FOLD_LINES = 200;
/** Distance from the end, in pixels, that still counts as the end. */
const NEAR_END = 32;

/** A fold that stands for `count` lines after number `after`. */
function foldItem(after: number, count: number): HTMLLIElement {
  const item = document.createElement("li");
  item.className = "gap";
  const button = document.createElement("button");
  button.className = "btn btn-s btn-quiet";
  button.type = "button";
  const icon = document.createElement("span");
  icon.className = "i i-lucide-chevrons-up-down";
  button.append(icon, "");
  item.append(button);
  setFold(item, after, count);
  return item;
}

function setFold(item: HTMLLIElement, after: number, count: number): void {
  item.dataset.after = String(after);
  item.dataset.count = String(count);
  const words = item.querySelector("button")?.lastChild;
  if (words) words.textContent = `${formatCount(count)} lines`;
}

function isFold(item: HTMLElement): boolean {
  return item.classList.contains("gap");
}

async function openFold(item: HTMLLIElement, jobId: string): Promise<void> {
  const after = Number(item.dataset.after);
  const count = Number(item.dataset.count);
  const limit = Math.min(count, FOLD_LINES);
  const answer = await fetch(`/api/jobs/${jobId}/logs?after_seq=${after}&limit=${limit}`);
  if (!answer.ok) {
    const text = "The log lines could not be loaded. Reload the page or download the log.";
    document.dispatchEvent(new CustomEvent("toast", { detail: { tone: "failed", text } }));
    return;
  }
  const { items } = (await answer.json()) as { items: LogLine[] };
  item.before(...items.map(lineItem));
  const left = count - items.length;
  const last = items.at(-1)?.seq;
  if (left <= 0 || last === undefined) item.remove();
  else setFold(item, last, left);
}

export type Log = { add: (lines: readonly LogLine[]) => void; lastSeq: () => number };

export function startLog(section: HTMLElement, jobId: string): Log {
  const find = <T extends HTMLElement>(id: string) => section.querySelector<T>(`#${id}`);
  const list = find<HTMLOListElement>("log-list");
  const area = find("log-lines");
  const follow = find<HTMLInputElement>("log-follow");
  const end = find<HTMLButtonElement>("log-end");
  const count = find("log-count");
  const empty = find("log-empty");
  if (!list || !area || !follow || !end) return { add: () => {}, lastSeq: () => 0 };

  let last = Number(section.dataset.after) || 0;
  let total = Number.parseInt(count?.textContent?.replace(/,/g, "") ?? "0", 10) || 0;
  let unseen = 0;
  let waiting: LogLine[] = [];
  let moving = false;

  const toEnd = () => {
    moving = true;
    area.scrollTop = area.scrollHeight;
    unseen = 0;
    end.hidden = true;
  };

  /** Folds the oldest painted lines into one fold, merged with the first fold if there is one. */
  const trim = () => {
    const items = [...list.children] as HTMLLIElement[];
    const surplus = items.length - PAINTED_LINES;
    if (surplus <= 0 || !follow.checked) return;
    const start = Math.max(0, items.findIndex(isFold));
    const gone = items.slice(start, start + surplus + 1);
    const [first] = gone;
    if (!first) return;
    const after = isFold(first) ? Number(first.dataset.after) : Number(first.dataset.seq) - 1;
    const lines = gone.reduce((sum, item) => sum + (isFold(item) ? Number(item.dataset.count) : 1), 0);
    first.before(foldItem(after, lines));
    for (const item of gone) item.remove();
  };

  const paint = () => {
    const lines = waiting;
    waiting = [];
    total += lines.length;
    if (count) count.textContent = formatPlural(total, "line");
    if (empty) empty.hidden = true;
    const skipped = follow.checked ? Math.max(0, lines.length - PAINTED_LINES) : 0;
    const firstPainted = lines[skipped];
    const before = skipped > 0 ? (lines[0]?.seq ?? 1) - 1 : 0;
    const items = (skipped > 0 ? lines.slice(skipped) : lines).map(lineItem);
    if (skipped > 0 && firstPainted) list.append(foldItem(before, skipped));
    list.append(...items);
    trim();
    if (follow.checked) toEnd();
    else {
      unseen += lines.length;
      end.hidden = false;
      const words = end.querySelector("span:last-child");
      if (words) words.textContent = `Jump to end · ${formatCount(unseen)} new`;
    }
  };

  area.addEventListener("scroll", () => {
    const atEnd = area.scrollHeight - area.scrollTop - area.clientHeight < NEAR_END;
    if (!moving && !atEnd) follow.checked = false;
    if (atEnd) {
      moving = false;
      unseen = 0;
      end.hidden = true;
    }
  });
  follow.addEventListener("change", () => {
    if (follow.checked) toEnd();
  });
  end.addEventListener("click", () => {
    follow.checked = true;
    toEnd();
  });
  list.addEventListener("click", ({ target }) => {
    const fold = (target as Element).closest<HTMLLIElement>("li.gap");
    if (!fold) return;
    follow.checked = false;
    void openFold(fold, jobId);
  });
  startLogSearch({ section, list, jobId });
  if (follow.checked) toEnd();

  return {
    add: (lines) => {
      const fresh = lines.filter(({ seq }) => seq > last);
      last = fresh.at(-1)?.seq ?? last;
      if (fresh.length === 0) return;
      if (waiting.length === 0) requestAnimationFrame(paint);
      waiting.push(...fresh);
    },
    lastSeq: () => last,
  };
}
