/** Builds the files that machines fetch before `npm start` from source, if missing or out of date; a failure never stops the server. */
import { join, resolve } from "node:path";
import { versionOfBuild, writeVersion } from "../../agent/build/version.ts";
import { ensureDist } from "./dist.ts";

const REPOSITORY = resolve(import.meta.dir, "../..");

const say = (line: string) => console.log(line);
writeVersion(join(REPOSITORY, "dist"), versionOfBuild(REPOSITORY));
try {
  await ensureDist({ platforms: ["linux-x64", "linux-arm64"], say });
} catch (error) {
  const why = error instanceof Error ? error.message : String(error);
  say(`Not everything that machines fetch could be prepared: ${why}`);
  say(
    "The server starts all the same. `npm run build` makes the agents; machines need restic 0.18 or newer of their own.",
  );
}
