/** What a repo's page and its host's snapshots show about damaged snapshots and locks. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { findRepo, updateRepo } from "../db/queries/repos.ts";
import type { Connection } from "../server/agents/hub.ts";
import { createRepoIngest } from "../server/repos/ingest.ts";
import { createFactBus } from "../server/runtime/facts.ts";
import { createSnapshotIngest } from "../server/snapshots/ingest.ts";
import { newId } from "../shared/ids.ts";
import { silentLog } from "../shared/log.ts";
import type { Lock, SnapshotRow } from "../shared/protocol/fields.ts";
import { HOUR_MS } from "../shared/time/clock.ts";
import { type Person, signInAs, startApp, type TestApp } from "./testbed/app.ts";
import { enrollHost, jsonClient, type TestHost } from "./testbed/hosts.ts";
import { createCleanup } from "./testbed/temp.ts";

const cleanup = createCleanup();
let app: TestApp;
let admin: Person;
beforeAll(async () => {
  app = await startApp(cleanup);
  admin = await signInAs(app, "admin");
});
afterAll(cleanup.run);

const ingestDeps = () => ({
  db: app.db,
  clock: app.clock,
  log: silentLog,
  bus: createFactBus(silentLog),
  ownedRepo: (_: Connection, id: string) => findRepo(app.db, id)!,
  reachOf: (_: Connection, id: string) => ({ repo: findRepo(app.db, id)!, loan: null }),
  removalsOf: () => new Set<string>(),
  orderList: () => {},
  tooLarge: () => {},
});
const connection = {} as Connection;
const textOf = async (path: string) => {
  const html = await (await app.request(path, { headers: { cookie: admin.cookie } })).text();
  return html
    .replace(/<[^>]+>/g, "")
    .replaceAll("&#39;", "'")
    .replace(/\s+/g, " ");
};

function row(host: TestHost, seed: string, time: number): SnapshotRow {
  const about = { hostname: host.name, username: "root", paths: ["/srv"], tags: ["default"] };
  const figures = { size_bytes: 1, file_count: 1, added_bytes: 1 };
  return { snapshot_id: seed.repeat(64), time, ...about, parent: null, program_version: null, ...figures };
}

function report(host: TestHost, snapshots: SnapshotRow[], unreadable?: string[]): void {
  const parts = { report_id: newId(), taken_at: app.clock.now(), part: 1, parts: 1 };
  const { report } = createSnapshotIngest(ingestDeps());
  const work = report(connection, { repo_id: host.rid, ...parts, snapshots, ...(unreadable ? { unreadable } : {}) });
  if (typeof work === "object") for (const _ of work.portions);
}

test("a list that could not read all snapshots names them and removes none of their rows", async () => {
  const host = await enrollHost(app, admin);
  updateRepo(app.db, host.rid, { status: "ready" });
  const now = app.clock.now();
  const [good, bad, gone] = [row(host, "a", now - HOUR_MS), row(host, "b", now), row(host, "c", now)];
  report(host, [good, bad, gone]);
  report(host, [good], [bad.snapshot_id]);
  const { call } = jsonClient(app, admin);
  type List = { items: { short_id: string; is_readable: boolean }[] };
  const { items } = await call<List>("GET", `/api/hosts/${host.id}/snapshots`);
  expect(items).toMatchObject([
    { short_id: "bbbbbbbb", is_readable: false },
    { short_id: "aaaaaaaa", is_readable: true },
  ]);
  expect(await call("GET", `/api/repos/${host.rid}`)).toMatchObject({ unreadable_snapshots: [bad.snapshot_id] });
  const page = await textOf(`/hosts/${host.id}/repos/${host.rid}`);
  expect(page).toContain("1 snapshot cannot be read. Its file is damaged: bbbbbbbb.");
  expect(await textOf("/repos")).toContain("has an unreadable snapshot");
  expect(await textOf(`/hosts/${host.id}`)).toContain("bbbbbbbbunreadable");
  report(host, [good, bad]);
  expect(await call("GET", `/api/repos/${host.rid}`)).toMatchObject({ unreadable_snapshots: [] });
  expect(await textOf(`/hosts/${host.id}`)).not.toContain("unreadable");
});

test("snapshots of the years 1 and 1969 are shown as they are", async () => {
  const host = await enrollHost(app, admin);
  report(host, [row(host, "d", Date.parse("0001-01-01T12:00:00Z")), row(host, "e", Date.UTC(1969, 11, 31, 12))]);
  const page = await textOf(`/hosts/${host.id}`);
  expect(page).toContain("Wed 31 Dec 1969");
  expect(page).toContain("Mon 1 Jan 1");
  const { items } = await jsonClient(app, admin).call<{ items: { time: string }[] }>(
    "GET",
    `/api/hosts/${host.id}/snapshots`,
  );
  expect(items.map(({ time }) => time)).toEqual(["1969-12-31T12:00:00.000Z", "0001-01-01T12:00:00.000Z"]);
});

test("all lock files are counted; a damaged one and one dated ahead are explained", async () => {
  const host = await enrollHost(app, admin);
  const lock = (time: number): Lock => ({
    ...{ lock_id: "l".repeat(8), time, exclusive: true, hostname: "nas-07", username: "root", pid: 4711 },
  });
  const tell = (locks: Lock[], files?: number) =>
    createRepoIngest(ingestDeps()).status(connection, {
      ...{ repo_id: host.rid, status: "ready", status_code: null, status_message: null, restic_id: "f".repeat(64) },
      ...{ format_version: 2, append_only: "unknown", checked_at: app.clock.now(), locks },
      ...(files === undefined ? {} : { lock_files: files }),
    });
  tell([], 2);
  const torn = await textOf(`/hosts/${host.id}/repos/${host.rid}`);
  expect(torn).toContain("2 lock files could not be read");
  expect(torn).toContain("run restic unlock --remove-all");
  tell([lock(app.clock.now() + 3 * HOUR_MS)]);
  const ahead = await textOf(`/hosts/${host.id}/repos/${host.rid}`);
  expect(ahead).toMatch(
    /nas-07 process 4711, exclusive, dated (3 h 0 min|2 h 59 min) in the future\. That machine’s clock is wrong/,
  );
  expect(await jsonClient(app, admin).call("GET", `/api/repos/${host.rid}`)).toMatchObject({ lock_count: 1 });
});
