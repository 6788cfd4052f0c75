/** Signing in and out: sessions, passwords, failed attempts, the first admin. */
import type { HttpFeature } from "../http/feature.ts";
import type { World } from "../runtime/world.ts";
import { createFailedSignIns } from "./failed-sign-ins.ts";
import { createFirstRun } from "./first-run.ts";
import { authPages } from "./pages.tsx";
import { createPasswordWork } from "./passwords.ts";
import { authRoutes } from "./routes.ts";
import { createSessionStore, sessionTicks } from "./sessions.ts";
import { createSignIn } from "./sign-in.ts";

export type AuthFeature = ReturnType<typeof authFeature>;

export function authFeature(world: World, { http }: { http: HttpFeature }) {
  const sessions = createSessionStore(world);
  const passwords = createPasswordWork();
  const failed = createFailedSignIns(world);
  const signIn = createSignIn({ ...world, sessions, passwords, failed });
  const firstRun = createFirstRun({ ...world, sessions, passwords });
  return {
    sessions,
    passwords,
    firstRun,
    routes: authRoutes({ signIn, firstRun }),
    pages: authPages({ pages: http.pageMaker, firstRun, signIn }),
    ticks: [...sessionTicks(world), ...failed.ticks],
    flush: failed.flush,
  };
}
