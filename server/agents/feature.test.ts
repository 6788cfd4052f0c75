/** Exactly one feature applies each message of the protocol. Anything else is an error at start. */
import { afterAll, expect, test } from "bun:test";
import { silentLog } from "../../shared/log.ts";
import { openTestDb } from "../../tests/testbed/database.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { createWorld, type ServerParts } from "../runtime/world.ts";
import { type AgentSide, agentChannel, agentFeature } from "./feature.ts";

const cleanup = createCleanup();
afterAll(cleanup.run);

test("a message without a handler, and one with two, stop the server at start", async () => {
  const db = await openTestDb(cleanup);
  const parts = { db, clock: { now: () => 1 }, log: silentLog, config: { hostMibPerMinute: 1 } };
  const world = createWorld(parts as unknown as ServerParts);
  const agents = agentFeature(world);
  const presence = { recordHello: () => "ok" as const, flapping() {} };
  const start = (...features: AgentSide[]) => agentChannel(world, { agents, presence, reconcile() {}, features });
  expect(() => start()).toThrow("job.queued has 0 handlers");
  const queued: AgentSide = { durable: { "job.queued": () => undefined } };
  expect(() => start(queued, queued)).toThrow("job.queued has 2 handlers");
});
