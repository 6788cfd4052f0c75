/** Tests that programs for other platforms run here: arm64 under qemu, Windows under wine. */
import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { writeArm64Wrapper } from "./arm64.ts";
import { runCommand } from "./command.ts";
import { createCleanup } from "./temp.ts";
import { ensureTool, toolOrNull } from "./tools.ts";
import { openWine, wineObstacle } from "./wine.ts";

const cleanup = createCleanup();
afterAll(cleanup.run);

const obstacle = wineObstacle() ?? ((await toolOrNull("wine-root")) ? null : "wine cannot be had");
if (obstacle) console.warn(`skipped: ${obstacle}`);

test("an arm64 restic runs through its wrapper", async () => {
  const script = join(await cleanup.tempFolder(), "restic");
  await writeArm64Wrapper(script, await ensureTool("restic-0.19-arm64"));
  const { code, stdout } = await runCommand([script, "version"]);
  expect(code).toBe(0);
  expect(stdout).toContain("on linux/arm64");
}, 60_000);

describe.skipIf(obstacle !== null)("wine", () => {
  test("runs a program in a folder shared with this machine", async () => {
    await using wine = await openWine();
    await Bun.write(join(wine.folder, "note.txt"), "hello from outside");
    expect((await wine.run(["cmd", "/c", "type note.txt"])).stdout).toContain("hello from outside");
    expect((await wine.run(["cmd", "/c", "echo %NAME%> out.txt"], { env: { NAME: "inside" } })).code).toBe(0);
    expect(await Bun.file(join(wine.folder, "out.txt")).text()).toContain("inside");
  }, 60_000);
});
