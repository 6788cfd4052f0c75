/** Tests the booted container of the test bed. */
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { bootContainer, type Container, containerObstacle } from "./container.ts";
import { createCleanup } from "./temp.ts";

const obstacle = containerObstacle();
if (obstacle) console.warn(`skipped: ${obstacle}`);

const cleanup = createCleanup();
afterAll(cleanup.run);

describe.skipIf(obstacle !== null)("a container of the test bed", () => {
  test("boots systemd, runs a service, reaches this machine's loopback, and leaves nothing behind", async () => {
    const site = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("hello") });
    cleanup.add(() => site.stop(true));
    const container: Container = await bootContainer();
    cleanup.add(container.stop);
    expect(await container.must("ps -p 1 -o comm= 2>/dev/null || cat /proc/1/comm")).toContain("systemd");
    expect(await container.must(`curl -fsS ${site.url.href}`)).toBe("hello");
    await container.copyIn(import.meta.path, "/opt/in/test.ts");
    await container.must("systemd-run --wait --quiet test -s /opt/in/test.ts");
    expect(await container.exec("exit 7")).toMatchObject({ code: 7 });
    await container.stop();
    expect(existsSync(container.root)).toBe(false);
  }, 300_000);
});
