// Pages: sign-in, first-run onboarding on the same address, sign-out.
import { emptyForm } from "../../shared/pages.ts";
import { LoginPage, OnboardingPage } from "../../ui/auth/door.tsx";
import { attempt, textOf } from "../http/forms.ts";
import type { PageMaker } from "../http/page-maker.ts";
import { formRoute, publicFormRoute, publicRoute, type Route } from "../http/routes.ts";
import type { FirstRun } from "./first-run.ts";
import type { SignIn } from "./sign-in.ts";

export type AuthPageDeps = { pages: PageMaker; firstRun: FirstRun; signIn: SignIn };

export function authPages({ pages, firstRun, signIn }: AuthPageDeps): Route[] {
  return [
    publicRoute({
      method: "GET",
      path: "/login",
      summary: "Page: sign in, or create the first admin",
      handle: ({ c, session, from }) => {
        const next = safePath(c.req.query("next"));
        if (session) return c.redirect(next, 303);
        const view = pages.doorView(c, from);
        if (!firstRun.isOpen()) return pages.door(c, <LoginPage view={view} form={emptyForm} next={next} />);
        const form = { values: { token: c.req.query("setup") }, errors: {} };
        return pages.door(c, <OnboardingPage view={view} form={form} />);
      },
    }),
    publicRoute({
      method: "GET",
      path: "/setup",
      summary: "The first-run page's other address",
      handle: ({ c }) => c.redirect("/login", 303),
    }),
    publicFormRoute({
      method: "POST",
      path: "/login",
      action: "user.signed_in",
      summary: "Page: sign in, or create the first admin",
      handle: async ({ c, body, from }) => {
        const view = pages.doorView(c, from);
        const username = textOf(body, "username");
        const password = textOf(body, "password");
        if (firstRun.isOpen()) {
          const input = { token: textOf(body, "token"), username, password };
          const made = await attempt(body, () => firstRun.createAdmin(c, from, input));
          if (made.ok) return c.redirect("/", 303);
          return pages.door(c, <OnboardingPage view={view} form={made.form} />, made.status);
        }
        const next = safePath(textOf(body, "next"));
        const entered = await attempt(body, () => signIn.signIn(c, from, username, password));
        if (entered.ok) return c.redirect(next, 303);
        const { message, ...form } = entered.form;
        const refused = message === undefined ? form : { ...form, errors: { password: message } };
        return pages.door(c, <LoginPage view={view} form={refused} next={next} />, entered.status);
      },
    }),
    formRoute({
      method: "POST",
      path: "/logout",
      access: "viewer",
      action: "user.signed_out",
      summary: "Page: sign out",
      handle: ({ c, session, from }) => {
        signIn.signOut(c, session, from);
        return c.redirect("/login", 303);
      },
    }),
  ];
}

/** A path on this server; anything else becomes the dashboard. */
export function safePath(path: string | undefined): string {
  return path && /^\/(?![/\\])[^\u0000-\u001f]*$/.test(path) && !path.startsWith("/login") ? path : "/";
}
