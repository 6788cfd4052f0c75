/** Deletion holds: forget and prune stop until a person releases them. Jobs and maintenance ask `readHold`. */
import type { HttpFeature } from "../http/feature.ts";
import type { World } from "../runtime/world.ts";
import { createDeletionHolds } from "./holds.ts";
import { deletionHoldPages } from "./pages.tsx";
import { deletionHoldRoutes } from "./routes.ts";

export function deletionHoldFeature(world: World, { http }: { http: HttpFeature }) {
  const holds = createDeletionHolds(world);
  return {
    routes: deletionHoldRoutes({ holds }),
    pages: deletionHoldPages({ db: world.db, pages: http.pageMaker, holds }),
  };
}
