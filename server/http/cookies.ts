/** Reads and writes cookies: theme, Live switch, time zone, and the message for the next page. */
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { Preferences, Toast } from "../../shared/pages.ts";
import type { AppContext } from "./routes.ts";

const TOAST = "rm_toast";
/** Under HTTPS no other host can set this name, so that a message on our page always comes from us. */
const SECURE_TOAST = "__Host-rm_toast";

const toastName = (secure: boolean) => (secure ? SECURE_TOAST : TOAST);

/** An IANA name, if it is one that we know. */
export const zoneOfBrowser = (c: AppContext): string => getCookie(c, "rm_tz") ?? "UTC";

/** Theme and Live switch, as stored in this browser. */
export function preferencesOf(c: AppContext): Preferences {
  const theme = getCookie(c, "rm_theme");
  return { theme: theme === "light" || theme === "dark" ? theme : null, live: getCookie(c, "rm_live") !== "off" };
}

/** The message left by the previous form. It is removed when read. */
export function takeToast(c: AppContext, secure: boolean): Toast | null {
  const name = toastName(secure);
  const text = getCookie(c, name);
  if (!text) return null;
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

/** Stores a message for the next page. @param secure the browser uses HTTPS */
export function leaveToast(c: AppContext, toast: Toast, secure: boolean): void {
  const options = { path: "/", maxAge: 60, httpOnly: true, sameSite: "Lax", secure } as const;
  setCookie(c, toastName(secure), JSON.stringify(toast), options);
}
