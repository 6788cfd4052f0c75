/** Cross-site requests: the session's token on every write, and what the browser itself says about where it came from. */
import { timingSafeEqual } from "node:crypto";
import type { AppContext, FormBody, Session } from "./routes.ts";

export const CSRF_FIELD = "csrf";
const CSRF_HEADER = "x-csrf-token";

/**
 * Why this write is refused, in words; null when it may pass. Without a session (sign-in, onboarding) only the origin is looked at.
 * Plain HTTP sends no Sec-Fetch-Site, and programs send no Origin: each counts where it is present.
 */
export function crossSiteReason(
  c: AppContext,
  ownOrigin: string,
  session: Session | null,
  body: unknown,
): string | null {
  const site = c.req.header("sec-fetch-site");
  if (site !== undefined && site !== "same-origin" && site !== "none") return "The request came from another web site.";
  const origin = c.req.header("origin");
  if (origin !== undefined && origin !== ownOrigin) {
    return `The request came from another address (${origin.slice(0, 200)}) than this server's (${ownOrigin}). Set RM_BASE_URL if a proxy is in front.`;
  }
  if (!session) return null;
  const token = c.req.header(CSRF_HEADER) ?? (body as FormBody | undefined)?.[CSRF_FIELD];
  if (typeof token === "string" && equal(token, session.csrfToken)) return null;
  return "The form is out of date. Reload the page and try again.";
}

function equal(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
