// Toasts: shown for 6 s, failures until closed. Every failed request shows the server's message.
import type { Toast } from "../../shared/pages.ts";
import { onHtmx, type RequestContext } from "./htmx.ts";
import { isPoll, refreshPage } from "./live.ts";

const SHOWN_MS = 6_000;
const SVG = "http://www.w3.org/2000/svg";

function glyph(tone: Toast["tone"]): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `glyph ${tone}`);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#s-${tone}`);
  svg.append(use);
  return svg;
}

function expire(box: HTMLElement): void {
  if (box.dataset.tone !== "failed") setTimeout(() => box.remove(), SHOWN_MS);
}

/** Shows a message. The text is never parsed as HTML. */
function showToast({ tone, text, link }: Toast): void {
  const box = document.createElement("div");
  box.className = "toast";
  box.role = tone === "failed" ? "alert" : "status";
  box.dataset.tone = tone;
  const words = document.createElement("span");
  words.append(text);
  if (link) {
    const anchor = document.createElement("a");
    anchor.href = link.href;
    anchor.textContent = link.label;
    words.append(" ", anchor);
  }
  const close = document.createElement("button");
  close.className = "btn btn-s btn-quiet btn-icon";
  close.type = "button";
  close.ariaLabel = "Close";
  close.dataset.closeToast = "";
  const cross = document.createElement("span");
  cross.className = "i i-lucide-x";
  close.append(cross);
  box.append(glyph(tone), words, close);
  document.querySelector("#toasts")?.append(box);
  expire(box);
}

/** The server's message in a failed response: a JSON error or short plain text. */
function sentenceOf({ response, text = "" }: RequestContext): string {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: string } };
    if (error?.message) return error.message;
  } catch {
    if (text && text.length < 300 && !text.includes("<")) return text;
  }
  return `The request failed (${response?.status ?? "no response"}). Reload the page and try again.`;
}

export function startToasts(): void {
  for (const box of document.querySelectorAll<HTMLElement>("#toasts .toast")) expire(box);

  document.addEventListener("toast", (event) => {
    showToast((event as CustomEvent<Toast>).detail);
    refreshPage();
  });

  onHtmx("htmx:response:error", (ctx) => {
    if (!isPoll(ctx) && !ctx.hx?.trigger) showToast({ tone: "failed", text: sentenceOf(ctx) });
  });

  onHtmx("htmx:error", (ctx) => {
    if (!isPoll(ctx))
      showToast({
        tone: "failed",
        text: "The server did not respond. Check whether the change was made, then try again.",
      });
  });

  document.addEventListener("click", ({ target }) => {
    (target as Element).closest("[data-close-toast]")?.closest(".toast")?.remove();
  });
}
