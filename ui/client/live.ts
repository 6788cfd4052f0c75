// Live pages: `main[hx-get]` asks again every 5 s while it can be seen and the Live switch is on. Unchanged answers are 304.
import { onHtmx, type RequestContext } from "./htmx.ts";
import { rememberLive } from "./preferences.ts";

const PERIOD_MS = 5_000;

function livePage(): Element | null {
  return document.querySelector("main[hx-get]");
}

function liveSwitch(): HTMLInputElement | null {
  return document.querySelector<HTMLInputElement>("#live");
}

function isPoll({ sourceElement, request }: RequestContext): boolean {
  return sourceElement.id === "main" && request.method === "GET";
}

/** Asks for the page's changes now; verbs call it after they were heard. */
export function refreshPage(): void {
  livePage()?.dispatchEvent(new Event("live"));
}

function showReconnecting(on: boolean): void {
  const bar = document.querySelector<HTMLElement>("#reconnect");
  if (bar) bar.hidden = !on;
}

/** Rows fetched while scrolling belong to the page: the poll asks for as many as are there. */
function withLoadedRows(action: string): string {
  const rows = document.querySelectorAll("[data-rows] > tr[id]").length;
  const first = Number(document.querySelector<HTMLElement>("[data-rows]")?.dataset.rows ?? 0);
  if (rows <= first) return action;
  const url = new URL(action, location.href);
  url.searchParams.set("rows", String(rows));
  return url.pathname + url.search;
}

export function startLive(): void {
  const tags = new Map<string, string>();
  let shown = "";

  onHtmx("htmx:before:request", (ctx) => {
    if (!isPoll(ctx)) return;
    ctx.request.action = withLoadedRows(ctx.request.action);
    ctx.request.cache = "no-store";
    const tag = tags.get(ctx.request.action);
    if (tag && shown === ctx.request.action) ctx.request.headers["If-None-Match"] = tag;
  });

  onHtmx("htmx:after:request", (ctx) => {
    if (!isPoll(ctx) || !ctx.response) return;
    const { status, headers } = ctx.response;
    if (status === 401) location.reload();
    showReconnecting(status >= 500);
    const tag = headers.get("ETag");
    if (status !== 200 || !tag) return;
    tags.clear();
    tags.set(ctx.request.action, tag);
    shown = ctx.request.action;
  });

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
    // What a person opened stays open: these attributes live in the page, not in the server's answer.
    htmx_before_morph_attr: (element: Element, { attrName }: { attrName: string }) => {
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
