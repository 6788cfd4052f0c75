// Builds the responses of page routes: the viewer's context, and answers for browsers and htmx.
import type { DeletionHold } from "../../db/queries/deletion-holds.ts";
import type { AssetUrls, Toast } from "../../shared/pages.ts";
import type { Clock } from "../../shared/time/clock.ts";
import type { DoorView } from "../../ui/auth/door.tsx";
import { createDates } from "../../ui/format.ts";
import type { View } from "../../ui/view.ts";
import { SERVER_VERSION } from "../runtime/version.ts";
import { chooseEncoding, compressPage } from "./compression.ts";
import { leaveToast, preferencesOf, takeToast, zoneOfBrowser } from "./cookies.ts";
import type { AppContext, Origin, Session } from "./routes.ts";

/** A rendered component. */
type Markup = { toString(): string } | Promise<unknown>;

/** The parts of a call that a route passes in. */
export type PageCall = { c: AppContext; session: Session; from: Origin };

export type PageMaker = {
  view(call: PageCall): View;
  /** What every page for a signed-in person shows besides its own content. */
  standing(): Pick<View, "now" | "deletionHolds">;
  doorView(c: AppContext, from: Origin): DoorView;
  /** A full page, or its changing part for a poll: 304 when the poll already has it. `tag` replaces the tag computed from the content. */
  page(c: AppContext, view: View, markup: Markup, status?: number, tag?: string): Response;
  /** A page for a visitor who is not signed in. */
  door(c: AppContext, markup: Markup, status?: number): Response;
  /** 304 for a poll that already shows this version. null when it must be rendered. The tag must cover everything that the page shows. */
  unchanged(c: AppContext, tag: string): Response | null;
  /** After a form: redirects to the result and shows the message there. With htmx, stays on the page and shows the message. */
  done(c: AppContext, href: string, toast?: Toast): Response;
};

export type PageMakerDeps = {
  clock: Clock;
  assets: AssetUrls;
  countRunningJobs(): number;
  listDeletionHolds(): readonly DeletionHold[];
  /** The browser uses HTTPS. */
  isSecure(c: AppContext): boolean;
};

/** In bytes. Anything smaller fits into one packet uncompressed. */
const SMALLEST_COMPRESSED = 1_000;
/** The browser keeps relative times up to date, so they alone do not make a poll's answer new. */
const FRESH_TIMES = /(<time [^>]*data-ago[^>]*>)[^<]*/g;

export function createPageMaker({
  clock,
  assets,
  countRunningJobs,
  listDeletionHolds,
  isSecure,
}: PageMakerDeps): PageMaker {
  const datesOf = (c: AppContext) => createDates(zoneOfBrowser(c));
  const send = (c: AppContext, html: string, status: number, tag: string | null) => {
    const encoding =
      html.length < SMALLEST_COMPRESSED
        ? null
        : chooseEncoding(c.req.header("accept-encoding") ?? "", ["zstd", "gzip"]);
    const headers: Record<string, string> = { "Content-Type": "text/html; charset=utf-8", Vary: "Accept-Encoding" };
    if (tag !== null) headers.ETag = tag;
    if (encoding !== null) headers["Content-Encoding"] = encoding;
    return c.body(encoding === null ? html : compressPage(html, encoding), { status: status as never, headers });
  };
  /** A page with its own tag shows the holds as well. */
  const withHolds = (tag: string): string => {
    const ids = listDeletionHolds().map(({ id }) => id);
    return ids.length === 0 ? tag : `"${tag.slice(1, -1)}-${Bun.hash(ids.join()).toString(36)}"`;
  };
  return {
    view({ c, session, from }) {
      return {
        now: clock.now(),
        dates: datesOf(c),
        path: c.req.path,
        viewer: { id: session.userId, username: session.username, role: session.role },
        csrf: session.csrfToken,
        origin: from.origin,
        assets,
        preferences: preferencesOf(c),
        deletionHolds: listDeletionHolds(),
        counts: { runningJobs: countRunningJobs() },
        // Polls leave the message for the page.
        toast: isHtmx(c) ? null : takeToast(c, isSecure(c)),
        partial: isHtmx(c),
      };
    },
    standing: () => ({ now: clock.now(), deletionHolds: listDeletionHolds() }),
    doorView: (c, from) => ({
      assets,
      preferences: preferencesOf(c),
      today: datesOf(c).day(clock.now()),
      origin: from.origin,
      version: SERVER_VERSION,
    }),
    page(c, view, markup, status = 200, tag = undefined) {
      const html = String(markup);
      if (!view.partial) return send(c, `<!doctype html>${html}`, status, null);
      const known = tag === undefined ? `"${Bun.hash(html.replace(FRESH_TIMES, "$1")).toString(36)}"` : withHolds(tag);
      if (c.req.header("if-none-match") === known) return c.body(null, { status: 304, headers: { ETag: known } });
      return send(c, html, status, known);
    },
    door: (c, markup, status = 200) => send(c, `<!doctype html>${String(markup)}`, status, null),
    unchanged(c, tag) {
      const known = withHolds(tag);
      if (!isHtmx(c) || c.req.header("if-none-match") !== known) return null;
      return c.body(null, { status: 304, headers: { ETag: known } });
    },
    done(c, href, toast) {
      if (isHtmx(c)) {
        if (toast) c.header("HX-Trigger", asciiJson({ toast }));
        else c.header("HX-Redirect", href);
        return c.body(null, 204);
      }
      if (toast) leaveToast(c, toast, isSecure(c));
      return c.redirect(href, 303);
    },
  };
}

/** The request came from htmx: a poll, or a form that stays on its page. */
export function isHtmx(c: AppContext): boolean {
  return c.req.header("hx-request") === "true";
}

/** Header values are Latin-1, so everything else is escaped as in JSON. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u0080-\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
