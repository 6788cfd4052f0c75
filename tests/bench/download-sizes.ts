// Row: the download sizes of the agents that `npm run build` makes.
import { join, resolve } from "node:path";
import { readIndex } from "../../agent/build/bundle.ts";
import { mustRun } from "../testbed/command.ts";
import type { Row } from "./row.ts";

const REPOSITORY = resolve(import.meta.dir, "../..");
const BUILD_WITHIN_MS = 1_200_000;

export const downloadSizes: Row = {
  name: "download-sizes",
  how: "npm run build for all platforms into a folder of its own, compressed with zstd",
  async run({ cleanup }) {
    const out = await cleanup.tempFolder();
    await mustRun([process.execPath, join(REPOSITORY, "agent/build/main.ts"), "--out", out], {
      cwd: REPOSITORY,
      timeoutMs: BUILD_WITHIN_MS,
    });
    const index = await readIndex(join(out, "agent"));
    if (!index) throw new Error("the build left no index");
    return index.files.map((file) => ({
      what: `agent for ${file.os}-${file.arch}, zstd`,
      value: file.zst_size / 1e6,
      unit: "MB" as const,
      atMost: 45,
    }));
  },
};
