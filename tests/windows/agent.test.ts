// The cross-compiled Windows agent under wine, as far as wine allows: version, doctor, wrong arguments, enrolment.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { RELEASE } from "../../shared/version.ts";
import { ensureDist } from "../testbed/dist.ts";
import { createCleanup } from "../testbed/temp.ts";
import { toolOrNull } from "../testbed/tools.ts";
import { openWine, type WineSession, wineObstacle } from "../testbed/wine.ts";

const obstacle = wineObstacle() ?? ((await toolOrNull("wine-root")) ? null : "wine cannot be had");
if (obstacle) console.warn(`skipped: ${obstacle}`);

const cleanup = createCleanup();
let wine: WineSession;

beforeAll(async () => {
  if (obstacle) return;
  const { agents } = await ensureDist({ platforms: ["windows-x64"] });
  wine = await openWine();
  cleanup.add(wine.close);
  await cp(agents["windows-x64"]!, join(wine.folder, "agent.exe"));
}, 300_000);
afterAll(cleanup.run);

describe.skipIf(obstacle !== null)("the Windows agent", () => {
  test("says its version", async () => {
    const { code, stdout, stderr } = await wine.run(["agent.exe", "version"]);
    expect(stdout).toContain(`restic-manager-agent ${RELEASE}`);
    expect(stderr).toBe("");
    expect(code).toBe(0);
  }, 60_000);

  test("examines itself, and says that it is not enrolled and has no restic", async () => {
    const { code, stdout } = await wine.run(["agent.exe", "doctor"]);
    expect(stdout.toLowerCase()).toContain("restic");
    expect(stdout.toLowerCase()).toContain("enrol");
    expect(code).toBe(1);
  }, 60_000);

  test("refuses an unknown flag with usage and exit code 2", async () => {
    const { code, stderr } = await wine.run(["agent.exe", "doctor", "--nonsense"]);
    expect(stderr).toContain("Usage");
    expect(code).toBe(2);
  }, 60_000);
});
