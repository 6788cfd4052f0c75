// The cross-compiled arm64 agent, under qemu on other CPUs, enrols and completes a backup.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Agent, agentIn } from "../testbed/agent.ts";
import { writeArm64Wrapper } from "../testbed/arm64.ts";
import { startControlPlane } from "../testbed/control-plane.ts";
import { ensureDist } from "../testbed/dist.ts";
import { createCleanup } from "../testbed/temp.ts";
import { ensureTool, toolOrNull } from "../testbed/tools.ts";

const missing = (await toolOrNull("qemu-aarch64")) === null || (await toolOrNull("arm64-sysroot")) === null;

const cleanup = createCleanup();
let agent: Agent;
let folder: string;

beforeAll(async () => {
  if (missing) return;
  folder = await cleanup.tempFolder();
  const { agents } = await ensureDist({ platforms: ["linux-arm64"] });
  await writeArm64Wrapper(join(folder, "restic"), await ensureTool("restic-0.19-arm64"));
  await writeArm64Wrapper(join(folder, "agent"), agents["linux-arm64"]!);
  agent = agentIn({ home: join(folder, "home"), restic: join(folder, "restic"), binary: join(folder, "agent") });
}, 300_000);
afterAll(cleanup.run);

describe.skipIf(missing)("the arm64 agent", () => {
  test("knows what it is, and finds its restic", async () => {
    const { code, stdout } = await agent.command(["version"]);
    expect(stdout).toContain("arm64");
    expect(stdout).toContain("restic 0.19.1");
    expect(code).toBe(0);
  }, 60_000);

  test("enrols, makes its repository ready and completes a backup", async () => {
    const plane = await startControlPlane(cleanup);
    await writeFile(join(folder, "content.txt"), "from an arm64 machine\n");
    const host = await plane.addHost({ name: "pi", includes: [join(folder, "content.txt")] });
    await agent.enroll(plane.server.url, host.token);
    const running = agent.start();
    cleanup.add(running.stop);
    const job = await plane.finishedBackup("pi", { timeoutMs: 150_000 });
    expect(job).toMatchObject({ status: "succeeded", warnings: 0 });
    expect(await plane.host("pi")).toMatchObject({ arch: "arm64", status: "online" });
    const dumped = await host.restic("dump", "latest", join(folder, "content.txt"));
    expect(dumped).toMatchObject({ code: 0, stdout: "from an arm64 machine\n" });
  }, 240_000);
});
