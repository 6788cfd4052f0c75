/** The System page, and the recovery sheet. */
import type { HttpFeature } from "../http/feature.ts";
import type { RepoFeature } from "../repos/feature.ts";
import type { World } from "../runtime/world.ts";
import type { Upkeep } from "../upkeep/upkeep.ts";
import type { UserFeature } from "../users/feature.ts";
import { settingsPages } from "./pages.tsx";

export type SettingsNeeds = { http: HttpFeature; users: UserFeature; repos: RepoFeature; upkeep: Upkeep };

export function settingsFeature(world: World, { http, users, repos, upkeep }: SettingsNeeds) {
  const { accounts } = users;
  const { credentials } = repos;
  const { keyId } = world.sealer;
  return { pages: settingsPages({ ...world, pages: http.pageMaker, accounts, credentials, upkeep, keyId }) };
}
