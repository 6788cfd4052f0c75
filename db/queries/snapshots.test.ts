/** The path filter of snapshots finds a folder and its content, but no neighbour with a similar name. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { newId } from "../../shared/ids.ts";
import { signInAs, startApp, type TestApp } from "../../tests/testbed/app.ts";
import { enrollHost, type TestHost } from "../../tests/testbed/hosts.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { listSnapshots, upsertSnapshots } from "./snapshots.ts";

const cleanup = createCleanup();
afterAll(cleanup.run);
let app: TestApp;
let host: TestHost;

const PATHS = ["/srv", "/srv/data", "/srv-old", "/srvice", "/", "C:\\Users", "C:\\Users\\mara", "C:\\Users-old"];
beforeAll(async () => {
  app = await startApp(cleanup);
  host = await enrollHost(app, await signInAs(app, "admin"));
  const rows = PATHS.map((path, at) => ({
    ...{ snapshot_id: newId().replaceAll("-", "").padEnd(64, "0"), time: at, hostname: "h", username: "root" },
    ...{ paths: [path], tags: [], parent: null, program_version: null },
    ...{ size_bytes: null, file_count: null, added_bytes: null },
  }));
  upsertSnapshots(app.db, host.rid, rows);
});

const found = (path: string) =>
  listSnapshots(app.db, { repoIds: [host.rid], path }, 100, 0)
    .items.flatMap(({ paths }) => paths)
    .sort();

test.each([
  ["/srv", ["/srv", "/srv/data"]],
  ["/srv/", ["/srv", "/srv/data"]],
  ["/srv/data", ["/srv/data"]],
  ["/s", []],
  ["/", ["/", "/srv", "/srv-old", "/srv/data", "/srvice"]],
  ["C:\\Users", ["C:\\Users", "C:\\Users\\mara"]],
  ["C:\\", ["C:\\Users", "C:\\Users-old", "C:\\Users\\mara"]],
])("%s", (path, expected) => {
  expect(found(path)).toEqual(expected.sort());
});
