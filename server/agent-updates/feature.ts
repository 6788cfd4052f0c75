/** What agents download: their own executable and restic, signed with this server's key. */
import { join } from "node:path";
import type { DurableHandlers } from "../agents/inbound.ts";
import { SIGNING_KEY_FILE } from "../runtime/data-files.ts";
import type { World } from "../runtime/world.ts";
import { openBundle } from "./bundle.ts";
import { downloadRoutes } from "./routes.ts";
import { loadSigner } from "./signing.ts";

/** @throws SigningKeyProblem */
export async function agentUpdateFeature({ config, log }: World) {
  const signer = await loadSigner(join(config.dataDir, SIGNING_KEY_FILE));
  const bundle = openBundle([config.distDir, join(config.dataDir, "dist")], log);
  return {
    updateKeys: signer.publicKeys,
    routes: downloadRoutes({ bundle, signer }),
    durable: { "update.status": () => undefined } satisfies Partial<DurableHandlers>,
  };
}
