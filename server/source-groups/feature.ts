/** Source groups: what is backed up, how long it is kept, hooks, and retention changes awaiting confirmation. */
import type { HostFeature } from "../hosts/feature.ts";
import type { HttpFeature } from "../http/feature.ts";
import type { World } from "../runtime/world.ts";
import { createPendingConfirmations } from "./confirmations.ts";
import { createSourceGroups, type SourceGroupDeps } from "./groups.ts";
import type { Hooks } from "./hooks.ts";
import { sourceGroupPages } from "./pages.tsx";
import { sourceGroupRoutes } from "./routes.ts";

export type SourceGroupNeeds = {
  http: HttpFeature;
  hosts: HostFeature;
  hooks: Hooks;
  checkStateSize: SourceGroupDeps["checkStateSize"];
};

export type SourceGroupFeature = ReturnType<typeof sourceGroupFeature>;

export function sourceGroupFeature(world: World, { http, hosts, hooks, checkStateSize }: SourceGroupNeeds) {
  const groups = createSourceGroups({ ...world, checkStateSize });
  const confirmations = createPendingConfirmations(world);
  return {
    groups,
    confirmations,
    routes: sourceGroupRoutes({ ...world, groups, confirmations, hooks }),
    pages: sourceGroupPages({ ...world, pages: http.pageMaker, heads: hosts.heads, groups, confirmations, hooks }),
  };
}
