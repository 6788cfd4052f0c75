import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { findRepo, updateRepo } from "../../db/queries/repos.ts";
import { silentLog } from "../../shared/log.ts";
import { DAY_MS, MINUTE_MS } from "../../shared/time/clock.ts";
import { signInAs, startApp, type TestApp } from "../../tests/testbed/app.ts";
import { enrollHost, type TestHost } from "../../tests/testbed/hosts.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { createFactBus, type FactBus } from "../runtime/facts.ts";
import { createMaintenanceAgenda, EVALUATE_AGAIN_MS, type MaintenanceAgenda, nextEvaluation } from "./agenda.ts";
import type { Decision } from "./decide.ts";

const cleanup = createCleanup();
afterAll(cleanup.run);

let app: TestApp;
let bus: FactBus;
let agenda: MaintenanceAgenda;
const hosts: TestHost[] = [];
beforeAll(async () => {
  app = await startApp(cleanup);
  const admin = await signInAs(app, "admin");
  for (const name of ["a", "b", "c"]) hosts.push(await enrollHost(app, admin, { name }));
});
beforeEach(() => {
  bus = createFactBus(silentLog);
  agenda = createMaintenanceAgenda({ db: app.db, clock: app.clock, bus });
  for (const { rid } of hosts) updateRepo(app.db, rid, { resticId: null, maintenanceHostId: null, removedAt: null });
});
const repoOf = (at: number) => hosts[at]?.rid ?? "";
const hostOf = (at: number) => hosts[at]?.id ?? "";
const lookAtAll = (nextAt: number | null = null) => {
  app.clock.move(1);
  for (const id of agenda.round()) agenda.evaluated(id, nextAt);
  app.clock.move(1);
};

describe("a round", () => {
  test("takes every repo once, and none again while nothing has changed", () => {
    expect(agenda.round()).toEqual([0, 1, 2].map(repoOf));
    lookAtAll();
    expect(agenda.round()).toEqual([]);
  });

  test("takes repos again after a fact, and while their host is working on them", () => {
    updateRepo(app.db, repoOf(2), { maintenanceHostId: hostOf(0) });
    lookAtAll();
    bus.publish("host.connected", { hostId: hostOf(0) });
    expect(agenda.round()).toEqual([repoOf(0), repoOf(2)]);
    lookAtAll();
    expect(agenda.round()).toEqual([]);
  });

  test("takes all repos that share a repository after a fact about one of them", () => {
    for (const at of [0, 1]) updateRepo(app.db, repoOf(at), { resticId: "c".repeat(64) });
    lookAtAll();
    bus.publish("repo.changed", { repoId: repoOf(1), hostId: hostOf(1) });
    expect(agenda.round()).toEqual([repoOf(0), repoOf(1)]);
  });

  test("takes every repo again after a deletion hold was placed or released", () => {
    lookAtAll();
    bus.publish("deletion_holds.changed", {});
    expect(agenda.round()).toHaveLength(3);
  });

  test("takes repos whose time has come, and all after a while, since a fact may be missed", () => {
    lookAtAll(app.clock.now() + 2 * MINUTE_MS);
    expect(agenda.round()).toEqual([]);
    app.clock.move(2 * MINUTE_MS);
    expect(agenda.round()).toHaveLength(3);
    lookAtAll();
    app.clock.move(EVALUATE_AGAIN_MS);
    expect(agenda.round()).toHaveLength(3);
  });

  test("takes a repo again after a failed evaluation, and leaves out a removed one", () => {
    lookAtAll();
    agenda.failed(repoOf(1));
    expect(agenda.round()).toEqual([repoOf(1)]);
    updateRepo(app.db, repoOf(1), { removedAt: app.clock.now() });
    expect(agenda.round()).toEqual([]);
    expect(findRepo(app.db, repoOf(1))).not.toBeNull();
  });
});

test("evaluates again when time alone can change the decision", () => {
  const now = 1_000_000;
  const at = (forget: Decision) => {
    const standing: Decision = { is: "blocked", why: "disabled", dueAt: null };
    return nextEvaluation({ forget, prune: standing, check: standing }, now);
  };
  expect(at({ is: "later", nextAt: now + DAY_MS })).toBe(now + DAY_MS);
  expect(at({ is: "due", dueAt: now - 1 })).toBe(now);
  expect(at({ is: "blocked", why: "just_returned", dueAt: now - 1, until: now + 7 })).toBe(now + 7);
  expect(at({ is: "blocked", why: "under_way", dueAt: null })).toBeNull();
  expect(at({ is: "blocked", why: "offline", dueAt: now - 1 })).toBeNull();
  expect(at({ is: "blocked", why: "no_admin_credential", dueAt: null })).toBeNull();
});
