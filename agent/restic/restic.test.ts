/** What a stand-in for restic prints, and how its end is judged. */
import { afterAll, expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { localCredential } from "../testing/fixture.ts";
import { accessOf } from "./access.ts";
import type { ResticFinder } from "./binary.ts";
import { createRestic } from "./restic.ts";

const cleanup = createCleanup();
afterAll(cleanup.run);

const NOTICE = 'echo "Stat(<config/>) returned error, retrying after 1s: unexpected HTTP response (401)" >&2';

async function runSaying(script: string) {
  const folder = await cleanup.tempFolder();
  const path = join(folder, "restic");
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  const restic = createRestic({
    finder: {
      current: async () => ({ found: "ok", binary: { path, version: "0.19.1" } }),
      search: async () => {},
    } as unknown as ResticFinder,
    childBase: { PATH: process.env["PATH"] ?? "" },
    cacheFolder: folder,
    tempFolder: folder,
    lowPriority: false,
    killAfterMs: 5000,
    outside: () => null,
  });
  const access = accessOf("r", "main", localCredential({ path: folder, password: "secret!" }));
  const signal = new AbortController().signal;
  return (await restic.run({ do: "cat_config" }, access, { signal })).judgement;
}

test.skipIf(process.platform === "win32")(
  "a refusal that a second try does not meet ends nothing",
  async () => {
    expect(await runSaying(NOTICE)).toEqual({ is: "ok" });
    expect(await runSaying(`${NOTICE}\n${NOTICE}\nexec sleep 60`)).toMatchObject({
      is: "failed",
      code: "unauthorised",
    });
  },
  60_000,
);
