// Pages: the user's own account, and setting a password by a one-time link.
import { deleteCookie, setCookie } from "hono/cookie";
import type { Db } from "../../db/open.ts";
import { findUser } from "../../db/queries/users.ts";
import { emptyForm, type FormState } from "../../shared/pages.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { SetupPage } from "../../ui/auth/door.tsx";
import { AccountPage } from "../../ui/settings/account.tsx";
import { attempt, textOf } from "../http/forms.ts";
import type { PageCall, PageMaker } from "../http/page-maker.ts";
import { formRoute, publicFormRoute, publicRoute, type Route, route } from "../http/routes.ts";
import type { Accounts } from "./accounts.ts";

export type UserPageDeps = { db: Db; clock: Clock; pages: PageMaker; accounts: Accounts };

const YEAR_SECONDS = 31_536_000;

export function userPages({ db, pages, accounts }: UserPageDeps): Route[] {
  const account = (call: PageCall, form: FormState, status = 200) => {
    const view = pages.view(call);
    const sessions = accounts
      .listSessions(call.session.userId)
      .map((row) => ({ ...row, current: row.id === call.session.sessionId }));
    const hasPassword = findUser(db, call.session.userId)?.authSource === "local";
    return pages.page(
      call.c,
      view,
      <AccountPage view={view} form={form} hasPassword={hasPassword} sessions={sessions} />,
      status,
    );
  };
  return [
    route({
      method: "GET",
      path: "/settings/account",
      access: "viewer",
      summary: "Page: the user's own account",
      handle: (call) => account(call, emptyForm),
    }),
    formRoute({
      method: "POST",
      path: "/settings/account/password",
      access: "viewer",
      action: "user.password_changed",
      summary: "Page: change the user's own password",
      handle: async (call) => {
        const { c, body, session, from } = call;
        const input = { current: textOf(body, "current"), password: textOf(body, "password") };
        const changed = await attempt(body, () => accounts.changePassword(session, from, input));
        if (!changed.ok) return account(call, changed.form, changed.status);
        return pages.done(c, "/settings/account", {
          tone: "ok",
          text: "Password changed. All other sessions were ended.",
        });
      },
    }),
    formRoute({
      method: "POST",
      path: "/settings/account/sessions/:sid/end",
      access: "viewer",
      action: "session.ended",
      summary: "Page: end another session of the user",
      handle: ({ c, params, session, from }) => {
        accounts.endSession(session, from, params.sid ?? "");
        return pages.done(c, "/settings/account", { tone: "ok", text: "Session ended." });
      },
    }),
    route({
      method: "GET",
      path: "/settings/account/theme",
      access: "viewer",
      summary: "Page: save a theme in this browser, without script",
      handle: ({ c }) => {
        const theme = c.req.query("theme") ?? "";
        if (theme === "light" || theme === "dark")
          setCookie(c, "rm_theme", theme, { path: "/", maxAge: YEAR_SECONDS, sameSite: "Lax" });
        else deleteCookie(c, "rm_theme", { path: "/" });
        return c.redirect("/settings/account", 303);
      },
    }),
    publicRoute({
      method: "GET",
      path: "/setup/:token",
      summary: "Page: set a password by a one-time link",
      handle: ({ c, params, from }) => {
        const token = params.token ?? "";
        const username = accounts.findBySetupToken(token)?.username ?? null;
        const page = <SetupPage view={pages.doorView(c, from)} form={emptyForm} token={token} username={username} />;
        return pages.door(c, page, username === null ? 410 : 200);
      },
    }),
    publicFormRoute({
      method: "POST",
      path: "/setup/:token",
      action: "user.password_set",
      summary: "Page: set a password by a one-time link",
      handle: async ({ c, params, body, from }) => {
        const token = params.token ?? "";
        const username = accounts.findBySetupToken(token)?.username ?? null;
        const set = await attempt(body, () => accounts.finishSetup(c, from, token, textOf(body, "password")));
        if (set.ok) return c.redirect("/", 303);
        const page = <SetupPage view={pages.doorView(c, from)} form={set.form} token={token} username={username} />;
        return pages.door(c, page, set.status);
      },
    }),
  ];
}
