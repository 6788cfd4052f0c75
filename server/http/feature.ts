/** The basis of every page and route: assets, client addresses, page rendering, health checks. */
import { listDeletionHolds } from "../../db/queries/deletion-holds.ts";
import { countOpenJobs } from "../../db/queries/jobs.ts";
import type { Storage } from "../runtime/storage.ts";
import type { World } from "../runtime/world.ts";
import { buildAssets } from "./assets.ts";
import { createOriginReader } from "./client-origin.ts";
import { healthRoutes } from "./health.ts";
import { createPageMaker } from "./page-maker.ts";

export type HttpFeature = Awaited<ReturnType<typeof httpFeature>>;

/** @param dev styles and scripts are not minified */
export async function httpFeature(world: World, { storage, dev }: { storage: Storage; dev: boolean }) {
  const { db, clock, config, isDraining } = world;
  const assets = await buildAssets({ dev });
  const originOf = createOriginReader({ ...config, tls: config.tls !== null });
  const pageMaker = createPageMaker({
    clock,
    assets: assets.urls,
    listDeletionHolds: () => listDeletionHolds(db),
    countRunningJobs: () => countOpenJobs(db).running,
    isSecure: (c) => originOf(c).secure,
  });
  return { assets, originOf, pageMaker, routes: healthRoutes({ storage, isDraining }) };
}
