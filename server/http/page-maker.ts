// What every page route needs: the view of who looks, answers for browsers and for HTMX, refused forms with what was typed.
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { Clock } from "../../shared/clock.ts";
import type { DoorView } from "../../ui/auth/door.tsx";
import type { FormState } from "../../ui/components/field.tsx";
import { createDates, type Dates } from "../../ui/format.ts";
import type { AssetUrls, Preferences, Toast, View } from "../../ui/view.ts";
import { SERVER_VERSION } from "../runtime/version.ts";
import { chooseEncoding, type Encoding } from "./assets.ts";
import { Refusal } from "./errors.ts";
import type { AppContext, FormBody, Origin, Session } from "./routes.ts";

/** A rendered component. */
type Markup = { toString(): string } | Promise<unknown>;

/** What a route hands in of its call. */
export type PageCall = { c: AppContext; session: Session; from: Origin };

export type PageMaker = {
  view(call: PageCall): View;
  doorView(c: AppContext, from: Origin): DoorView;
  /** A page, or to a poll its changing part: 304 when the poll has it already. `tag` replaces the one made of the content. */
  page(c: AppContext, view: View, markup: Markup, status?: number, tag?: string): Response;
  /** A page for somebody who is not signed in. */
  door(c: AppContext, markup: Markup, status?: number): Response;
  /** 304 for a poll that shows this version; null when it has to be rendered. The tag must cover all that the page shows. */
  unchanged(c: AppContext, tag: string): Response | null;
  /** After a form: on to the result, with a message there. HTMX stays where it is and shows the message. */
  done(c: AppContext, href: string, toast?: Toast): Response;
};

export type PageMakerDeps = {
  clock: Clock;
  assets: AssetUrls;
  countRunningJobs(): number;
  /** The browser reaches us over HTTPS. */
  isSecure(c: AppContext): boolean;
};

const MOST_ZONES = 100;
const TOAST_COOKIE = "rm_toast";
/** What a page says in our name comes from us: under HTTPS nobody else can set this name. */
const SECURE_TOAST_COOKIE = "__Host-rm_toast";
/** Bytes; what is smaller fits into one packet as it is. */
const SMALLEST_COMPRESSED = 1_000;
/** Relative times are kept fresh by the browser; they alone make no poll's answer new. */
const FRESH_TIMES = /(<time [^>]*data-ago[^>]*>)[^<]*/g;

export function createPageMaker({ clock, assets, countRunningJobs, isSecure }: PageMakerDeps): PageMaker {
  /** Making a date format takes longer than a row of a table; the zones are those that browsers name in a cookie. */
  const zones = new Map<string, Dates>();
  const datesOf = (c: AppContext): Dates => {
    const zone = getCookie(c, "rm_tz") ?? "UTC";
    const known = zones.get(zone);
    if (known) return known;
    if (zones.size >= MOST_ZONES) zones.clear();
    const dates = createDates(zone);
    zones.set(zone, dates);
    return dates;
  };
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
        counts: { runningJobs: countRunningJobs() },
        toast: takeToast(c, isSecure(c)),
        partial: isHtmx(c),
      };
    },
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
      const known = tag ?? `"${Bun.hash(html.replace(FRESH_TIMES, "$1")).toString(36)}"`;
      if (c.req.header("if-none-match") === known) return c.body(null, { status: 304, headers: { ETag: known } });
      return send(c, html, status, known);
    },
    door: (c, markup, status = 200) => send(c, `<!doctype html>${String(markup)}`, status, null),
    unchanged(c, tag) {
      if (!isHtmx(c) || c.req.header("if-none-match") !== tag) return null;
      return c.body(null, { status: 304, headers: { ETag: tag } });
    },
    done(c, href, toast) {
      if (isHtmx(c)) {
        if (toast) c.header("HX-Trigger", asciiJson({ toast }));
        else c.header("HX-Redirect", href);
        return c.body(null, 204);
      }
      if (toast) {
        const secure = isSecure(c);
        const options = { path: "/", maxAge: 60, httpOnly: true, sameSite: "Lax", secure } as const;
        setCookie(c, secure ? SECURE_TOAST_COOKIE : TOAST_COOKIE, JSON.stringify(toast), options);
      }
      return c.redirect(href, 303);
    },
  };
}

/** Fast settings: a page is made for one person and sent once. Brotli would cost more than it saves. */
function compressPage(html: string, encoding: Encoding): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(html);
  return new Uint8Array(
    encoding === "zstd" ? Bun.zstdCompressSync(bytes, { level: 3 }) : Bun.gzipSync(bytes, { level: 5 }),
  );
}

/** HTMX asked: a poll, or a verb that stays on its page. */
export function isHtmx(c: AppContext): boolean {
  return c.req.header("hx-request") === "true";
}

/** Theme and Live switch as this browser remembers them. */
export function preferencesOf(c: AppContext): Preferences {
  const theme = getCookie(c, "rm_theme");
  return { theme: theme === "light" || theme === "dark" ? theme : null, live: getCookie(c, "rm_live") !== "off" };
}

/** The message of the form before, once. Polls leave it for the page. */
function takeToast(c: AppContext, secure: boolean): Toast | null {
  const name = secure ? SECURE_TOAST_COOKIE : TOAST_COOKIE;
  const text = getCookie(c, name);
  if (!text || isHtmx(c)) return null;
  deleteCookie(c, name, { path: "/", secure });
  try {
    const { tone, text: words, link } = JSON.parse(text) as Toast;
    const known = tone === "ok" || tone === "warning" || tone === "failed" ? tone : "ok";
    const toast: Toast = { tone: known, text: String(words) };
    if (link && /^\/(?![/\\])/.test(link.href)) toast.link = { href: link.href, label: String(link.label) };
    return toast;
  } catch {
    return null;
  }
}

/** Header values are Latin-1: everything else is escaped as JSON allows. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u0080-\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** One field of a form as text; of a repeated one the first. */
export function textOf(body: FormBody, name: string): string {
  const value = body[name];
  return (typeof value === "string" ? value : value?.[0]) ?? "";
}

/** The lines of a field that takes one entry per line. */
export function linesOf(body: FormBody, name: string): string[] {
  return textOf(body, name)
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** The lines as they were typed, empty ones too, so that a message can name the line as it is seen; none when all are empty. */
export function rawLinesOf(body: FormBody, name: string): string[] {
  return linesOf(body, name).length === 0 ? [] : textOf(body, name).split(/\r?\n/);
}

/** The entries of a field that takes a list with commas. */
export function listOf(body: FormBody, name: string): string[] {
  return textOf(body, name)
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

/** `NAME=value` lines as a record; a line without a sign is a name without a value, for the operation to refuse. */
export function pairsOf(body: FormBody, name: string): Record<string, string> {
  return Object.fromEntries(
    linesOf(body, name).map((line) => {
      const sign = line.indexOf("=");
      return sign < 0 ? [line, ""] : [line.slice(0, sign).trim(), line.slice(sign + 1)];
    }),
  );
}

/**
 * Runs what a form asks for. A refusal that a person can mend by typing comes back as the form's state;
 * others (404, missing rights) go on to the error page.
 */
export async function attempt<T>(
  body: FormBody,
  run: () => T | Promise<T>,
): Promise<{ ok: true; value: T } | { ok: false; form: FormState; status: number }> {
  try {
    return { ok: true, value: await run() };
  } catch (error) {
    if (!(error instanceof Refusal) || error.status === 404) throw error;
    const errors = Object.fromEntries(
      Object.entries(error.fields).map(([name, text]) => [name.replace(/^repo\./, ""), text]),
    );
    const hasField = Object.keys(errors).some((name) => name in body);
    return {
      ok: false,
      form: { values: typedValues(body), errors, message: hasField ? undefined : error.message },
      status: error.status,
    };
  }
}

/** The values of ticks that go by one name. */
export function ticksOf(body: FormBody, name: string): string[] {
  return [body[name] ?? []].flat();
}

/** What was typed, without passwords: they are never sent back. The ticks of one of these names come back as one value. */
export function typedValues(body: FormBody, ticks: readonly string[] = []): FormState["values"] {
  return Object.fromEntries([
    ...Object.keys(body)
      .filter((name) => !/password|^env/.test(name))
      .map((name) => [name, textOf(body, name)]),
    ...ticks.map((name) => [name, ticksOf(body, name).join(" ")]),
  ]);
}

/** Where a list begins, from the address; anything odd begins at the start. */
export function offsetOf(c: AppContext): number {
  const text = c.req.query("offset") ?? "";
  return /^\d{1,8}$/.test(text) ? Number(text) : 0;
}
