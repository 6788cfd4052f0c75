/** Heartbeats reach a real HTTP listener, and stop as soon as something is wrong on either side. */
import { afterEach, expect, test } from "bun:test";
import { silentLog } from "../../shared/log.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { createHeartbeat } from "./heartbeat.ts";

const cleanup = createCleanup();
afterEach(cleanup.run);

test("it is sent while all is well, and reports why when it is not", async () => {
  const seen: string[] = [];
  let status = 200;
  const listener = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      seen.push(new URL(request.url).pathname);
      return new Response("ok", { status });
    },
  });
  cleanup.add(() => listener.stop(true));
  let problems: string[] = [];
  const url = `http://127.0.0.1:${listener.port}/ping/abc`;
  const heartbeat = createHeartbeat({ url, log: silentLog, now: () => 1234, problems: () => problems });

  await heartbeat.beat();
  expect(seen).toEqual(["/ping/abc"]);
  expect(heartbeat.state()).toEqual({ at: 1234, problem: null });

  problems = ["the database cannot be written"];
  await heartbeat.beat();
  expect(seen).toHaveLength(1);
  expect(heartbeat.state()).toEqual({ at: 1234, problem: "the database cannot be written" });

  problems = [];
  status = 500;
  await heartbeat.beat();
  expect(heartbeat.state().problem).toContain("500");

  await listener.stop(true);
  await heartbeat.beat();
  expect(heartbeat.state().problem).not.toBeNull();
});
