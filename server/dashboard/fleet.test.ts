/** The fleet read host by host equals the fleet read as a whole. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Db } from "../../db/open.ts";
import { insertHost, updateHost } from "../../db/queries/hosts.ts";
import { insertJob } from "../../db/queries/jobs.ts";
import { insertRepo, updateRepo } from "../../db/queries/repos.ts";
import { insertSourceGroup } from "../../db/queries/source-groups.ts";
import { newId } from "../../shared/ids.ts";
import { silentLog } from "../../shared/log.ts";
import { openTestDb } from "../../tests/testbed/database.ts";
import { createRandom } from "../../tests/testbed/random.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { createHub } from "../agents/hub.ts";
import { createFactBus } from "../runtime/facts.ts";
import { createFleet } from "./fleet.ts";

const cleanup = createCleanup();
let db: Db;
beforeAll(async () => {
  db = await openTestDb(cleanup);
});
afterAll(cleanup.run);

const START = Date.UTC(2026, 10, 20);
let made = 0;

function addHost(name: string): { id: string; repoId: string } {
  const [id, repoId] = [newId(), newId()];
  const common = { createdAt: START, updatedAt: START };
  insertHost(db, {
    id,
    name,
    resticHost: `${name}-${made++}`,
    machineId: newId(),
    os: "linux",
    arch: "x64",
    hostname: name,
    agentVersion: "0.1.0",
    protocolVersion: 1,
    timezone: "UTC",
    tags: [],
    roaming: false,
    tokenHash: newId(),
    enrolledAt: START,
    capabilities: [],
    stateVersion: 1,
    stateErrors: [],
    ...common,
  });
  insertRepo(db, { id: repoId, hostId: id, name: "main", isPrimary: true, kind: "local", url: "/srv", ...common });
  const group = {
    id: newId(),
    hostId: id,
    name: "default",
    tag: "default",
    includes: ["/"],
    excludes: [],
    retention: {},
  };
  insertSourceGroup(db, { ...group, ...common });
  return { id, repoId };
}

function fleets() {
  let now = START;
  const bus = createFactBus(silentLog);
  const deps = { db, clock: { now: () => now }, hub: createHub(), lastSeenAt: () => null };
  const fleet = createFleet({ ...deps, bus });
  return {
    bus,
    fleet,
    pass: (ms: number) => {
      now += ms;
    },
    /** A new one reads everything. */
    whole: () => createFleet({ ...deps, bus: createFactBus(silentLog) }).hosts(),
  };
}

test("the same after any changes and requests in any order", () => {
  const random = createRandom(7);
  const below = (n: number) => Math.floor(random() * n);
  const hosts = Array.from({ length: 40 }, () => addHost(`host-${String(below(900)).padStart(3, "0")}-${made}`));
  const { bus, fleet, pass, whole } = fleets();
  for (let round = 0; round < 150; round++) {
    for (let changes = below(4); changes > 0; changes--) {
      const host = hosts[below(hosts.length)]!;
      const what = below(6);
      const about = { hostId: host.id };
      if (what === 0) updateHost(db, host.id, { name: `${"AbZ"[below(3)]}-${made++}` });
      if (what === 1) updateHost(db, host.id, { archivedAt: below(2) === 0 ? START : null });
      if (what === 2) hosts.push(addHost(`new-${made}`));
      if (what === 3) updateRepo(db, host.repoId, { status: "failed" });
      if (what === 4) updateRepo(db, host.repoId, { status: "ready" });
      if (what === 5) {
        const job = {
          id: newId(),
          hostId: host.id,
          repoId: host.repoId,
          kind: "probe" as const,
          status: "queued" as const,
        };
        insertJob(db, { ...job, attempt: 1, actorKind: "system", args: {}, queuedAt: START });
      }
      bus.publish("host.changed", what === 2 ? { hostId: hosts.at(-1)!.id } : about);
    }
    pass(below(3000));
    expect(fleet.hosts()).toEqual(whole());
  }
});

test("a fact makes a new version and time alone does not, but changes without a fact are seen within 15 seconds", () => {
  const host = addHost("quiet");
  const { bus, fleet, pass } = fleets();
  const before = fleet.version();
  const shown = () => fleet.hosts().find((row) => row.host.id === host.id)!;
  expect(fleet.hosts()).toBe(fleet.hosts());
  updateRepo(db, host.repoId, { status: "failed" });
  expect(shown().repos[0]?.status).toBe("unknown");
  pass(15_000);
  expect(shown().repos[0]?.status).toBe("failed");
  expect(fleet.version()).toBe(before);
  updateRepo(db, host.repoId, { status: "ready" });
  bus.publish("repo.changed", { repoId: host.repoId, hostId: host.id });
  expect(shown().repos[0]?.status).toBe("ready");
  expect(fleet.version()).toBe(before + 1);
});

test("setting the clock back delays nothing", () => {
  const host = addHost("late");
  const { fleet, pass } = fleets();
  const shown = () => fleet.hosts().find((row) => row.host.id === host.id)!;
  expect(shown().repos[0]?.status).toBe("unknown");
  pass(-86_400_000);
  expect(shown().repos[0]?.status).toBe("unknown");
  updateRepo(db, host.repoId, { status: "failed" });
  pass(15_000);
  expect(shown().repos[0]?.status).toBe("failed");
});
