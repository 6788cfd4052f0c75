// Polls live parts of a page (`hx-trigger="live"`) every 5 s while it is visible and the Live switch is on.
import { onHtmx, type RequestContext } from "./htmx.ts";
import { rememberLive } from "./preferences.ts";

const PERIOD_MS = 5_000;
const OUTLINE_MS = 600;

const LIVE = '[hx-trigger="live"]';

function liveSwitch(): HTMLInputElement | null {
  return document.querySelector<HTMLInputElement>("#live");
}

/** True for a live part's request. Its failures show the reconnect bar instead of a toast. */
export function isPoll({ sourceElement }: RequestContext): boolean {
  return sourceElement.matches(LIVE);
}

/** Polls now, for example after an action. */
export function refreshPage(): void {
  for (const part of document.querySelectorAll(LIVE)) part.dispatchEvent(new Event("live"));
}

function showReconnecting(on: boolean): void {
  const bar = document.querySelector<HTMLElement>("#reconnect");
  if (bar) bar.hidden = !on;
}

/** Includes rows fetched while scrolling in the poll. */
function withLoadedRows(action: string): string {
  const rows = document.querySelectorAll("[data-rows] > tr[id]").length;
  const first = Number(document.querySelector<HTMLElement>("[data-rows]")?.dataset.rows ?? 0);
  if (rows <= first) return action;
  const url = new URL(action, location.href);
  url.searchParams.set("rows", String(rows));
  return url.pathname + url.search;
}

/** Keeps instant filters in the address, without HTMX's history. */
function rememberFilter({ sourceElement, request }: RequestContext): void {
  if (!sourceElement.matches("form.filters")) return;
  const url = new URL(request.action, location.href);
  for (const [name, value] of [...url.searchParams]) if (value === "") url.searchParams.delete(name);
  history.replaceState(history.state, "", url);
}

/** Briefly outlines a night that changed. Nothing else flashes. */
function outline(cell: Element): void {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const edge = { outlineStyle: "solid", outlineWidth: "2px", outlineOffset: "1px" };
  cell.animate(
    [
      { ...edge, outlineColor: "var(--accent)" },
      { ...edge, outlineColor: "transparent" },
    ],
    OUTLINE_MS,
  );
}

export function startLive(): void {
  const tags = new WeakMap<Element, { action: string; tag: string }>();

  onHtmx("htmx:before:request", (ctx) => {
    if (!isPoll(ctx)) return;
    ctx.request.action = withLoadedRows(ctx.request.action);
    ctx.request.cache = "no-store";
    const known = tags.get(ctx.sourceElement);
    if (known?.action === ctx.request.action) ctx.request.headers["If-None-Match"] = known.tag;
  });

  onHtmx("htmx:after:request", (ctx) => {
    if (!isPoll(ctx) || !ctx.response) return;
    const { status, headers } = ctx.response;
    if (status === 401) location.reload();
    showReconnecting(status >= 500);
    const tag = headers.get("ETag");
    if (status === 200 && tag) tags.set(ctx.sourceElement, { action: ctx.request.action, tag });
  });

  onHtmx("htmx:after:swap", rememberFilter);

  onHtmx("htmx:error", (ctx) => {
    if (isPoll(ctx)) showReconnecting(true);
  });

  document.addEventListener("change", ({ target }) => {
    if (target !== liveSwitch()) return;
    const on = (target as HTMLInputElement).checked;
    rememberLive(on);
    if (on) refreshPage();
  });

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && liveSwitch()?.checked !== false) refreshPage();
  });

  window.htmx.registerExtension("keep-open", {
    // What the user opened stays open: these attributes are set in the browser, not by the server.
    htmx_before_morph_attr: (element: Element, { attrName }: { attrName: string }) => {
      if (attrName === "class" && element.matches(".strip > a")) outline(element);
      if (attrName === "open") return !element.matches("details, dialog");
      if (attrName === "checked") return element.id !== "live";
      return true;
    },
  });

  const tick = () => {
    if (!document.hidden && liveSwitch()?.checked !== false) refreshPage();
    setTimeout(tick, PERIOD_MS);
  };
  setTimeout(tick, PERIOD_MS);
}
