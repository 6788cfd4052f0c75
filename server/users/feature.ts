/** Accounts of people: passwords, their sessions, one-time links. */
import type { AuthFeature } from "../auth/feature.ts";
import type { HttpFeature } from "../http/feature.ts";
import type { World } from "../runtime/world.ts";
import { createAccounts } from "./accounts.ts";
import { userPages } from "./pages.tsx";

export type UserFeature = ReturnType<typeof userFeature>;

export function userFeature(world: World, { http, auth }: { http: HttpFeature; auth: AuthFeature }) {
  const { sessions, passwords } = auth;
  const accounts = createAccounts({ ...world, sessions, passwords });
  return { accounts, pages: userPages({ ...world, pages: http.pageMaker, accounts }) };
}
