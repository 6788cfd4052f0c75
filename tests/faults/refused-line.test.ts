/** A path of another platform, with the real agent: the host comes up, backs up the rest, and names the line it ignored. */
import { afterAll, expect, test } from "bun:test";
import { createCleanup } from "../testbed/temp.ts";
import { openScene } from "./scene.ts";

const cleanup = createCleanup();
afterAll(cleanup.run, 60_000);

test("a Windows path on Linux holds up nothing", async () => {
  const scene = await openScene(cleanup, { alsoIncludes: ["C:\\Users"] });
  type Host = { in_sync: boolean; state_errors: { about: { value: string } | null }[] };
  const host = await scene.client().get<Host>(`/api/hosts/${scene.hostId}`);
  expect(host.in_sync).toBe(true);
  expect(host.state_errors.map(({ about }) => about?.value)).toEqual(["C:\\Users"]);
  const job = await scene.ended(await scene.run());
  expect(job).toMatchObject({ status: "succeeded", warnings: 1 });
}, 90_000);
