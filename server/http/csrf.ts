/** Blocks cross-site requests: checks the session's token on every write, and the browser's own statement of where it came from. */
import { timingSafeEqual } from "node:crypto";
import type { AppContext, FormBody, Session } from "./routes.ts";

export const CSRF_FIELD = "csrf";
const CSRF_HEADER = "x-csrf-token";

/**
 * Why a write must be refused, in words. null when it may proceed. Without a session (sign-in, onboarding) only the origin is checked.
 * Plain HTTP sends no Sec-Fetch-Site, and programs send no Origin, so each is checked only when it is present.
 */
export function crossSiteReason(
  c: AppContext,
  ownOrigin: string,
  session: Session | null,
  body: unknown,
): string | null {
  const site = c.req.header("sec-fetch-site");
  if (site !== undefined && site !== "same-origin" && site !== "none")
    return "The request came from another website. Open this server's own page and try again.";
  const origin = c.req.header("origin");
  if (origin !== undefined && origin !== ownOrigin) {
    return `The request came from ${origin.slice(0, 200)}, but this server's address is ${ownOrigin}. Set RM_BASE_URL if a proxy is in front.`;
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
