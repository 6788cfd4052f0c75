// Types for the parts of HTMX that the scripts use.

/** HTMX's context of a request; `sourceElement` caused it. */
export type RequestContext = {
  sourceElement: Element;
  request: { action: string; method: string; headers: Record<string, string>; cache?: RequestCache };
  response?: { status: number; headers: Headers };
  text?: string;
  hx?: Record<string, string>;
};

type Htmx = {
  ajax: (method: string, url: string, options: { target: string; swap: string }) => Promise<void>;
  registerExtension: (name: string, extension: Record<string, unknown>) => void;
};

declare global {
  interface Window {
    htmx: Htmx;
  }
}

/** Listens for an HTMX event. Returning false cancels HTMX's own action. */
export function onHtmx(name: string, hear: (ctx: RequestContext, event: Event) => unknown): void {
  document.addEventListener(name, (event) => {
    const { ctx } = (event as CustomEvent<{ ctx: RequestContext }>).detail;
    if (hear(ctx, event) === false) event.preventDefault();
  });
}
