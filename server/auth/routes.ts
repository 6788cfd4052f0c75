/** REST: first admin, sign-in, sign-out, and the signed-in person. */
import * as v from "valibot";
import { noBody } from "../http/answers.ts";
import { publicRoute, type Route, route } from "../http/routes.ts";
import { sessionAnswer } from "./answers.ts";
import type { FirstRun } from "./first-run.ts";
import type { SignIn } from "./sign-in.ts";

const text = (max: number) => v.pipe(v.string(), v.maxLength(max, `Use at most ${max} characters.`));

export function authRoutes({ signIn, firstRun }: { signIn: SignIn; firstRun: FirstRun }): Route[] {
  return [
    publicRoute({
      method: "POST",
      path: "/api/bootstrap",
      action: "user.bootstrapped",
      summary: "Create the first admin with the setup token",
      answers: { 201: sessionAnswer },
      errors: { 403: ["bad_setup_token"], 410: ["already_set_up"], 429: ["too_many_attempts"], 503: ["busy"] },
      body: v.strictObject({ token: text(200), username: text(200), password: text(1024) }),
      handle: async ({ c, from, body }) => {
        const { user, csrfToken } = await firstRun.createAdmin(c, from, body);
        return c.json({ user: { id: user.id, username: user.username, role: user.role }, csrf_token: csrfToken }, 201);
      },
    }),
    publicRoute({
      method: "POST",
      path: "/api/auth/login",
      action: "user.signed_in",
      summary: "Sign in with user name and password",
      answers: { 200: sessionAnswer },
      errors: { 401: ["bad_credentials"], 429: ["too_many_attempts"], 503: ["busy"] },
      body: v.strictObject({ username: text(200), password: text(1024) }),
      handle: async ({ c, from, body }) => {
        const { user, csrfToken } = await signIn.signIn(c, from, body.username, body.password);
        return c.json({ user: { id: user.id, username: user.username, role: user.role }, csrf_token: csrfToken });
      },
    }),
    route({
      method: "POST",
      path: "/api/auth/logout",
      access: "viewer",
      action: "user.signed_out",
      summary: "End this session",
      answers: noBody,
      handle: ({ c, session, from }) => {
        signIn.signOut(c, session, from);
        return c.body(null, 204);
      },
    }),
    route({
      method: "GET",
      path: "/api/me",
      access: "viewer",
      summary: "The signed-in user",
      answers: { 200: sessionAnswer },
      handle: ({ c, session }) =>
        c.json({
          user: { id: session.userId, username: session.username, role: session.role },
          csrf_token: session.csrfToken,
        }),
    }),
  ];
}
