/** Repos in an object store: S3, and Swift as a kind configured by address and environment; both served by OpenStack Swift. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type ObjectStore, startObjectStore } from "../testbed/object-store.ts";
import { createCleanup } from "../testbed/temp.ts";
import { openRepoScene, type RepoScene } from "./repo-scene.ts";

const cleanup = createCleanup();
let scene: RepoScene;
let store: ObjectStore;

beforeAll(async () => {
  scene = await openRepoScene(cleanup);
  store = await startObjectStore(cleanup);
}, 180_000);
afterAll(cleanup.run);

test("S3, with the certificate authority that the agent was told", async () => {
  const host = await scene.hostWith(
    "s3",
    await cleanup.tempFolder(),
    { kind: "s3", url: store.s3Url("backups/s3"), env: store.s3Env },
    { SSL_CERT_FILE: store.certFile },
  );
  expect(host.ready).toMatchObject({ kind: "s3", append_only: "not_applicable" });
  await scene.keepHealthy(host);
}, 120_000);

test.each([
  ["a wrong key", { AWS_SECRET_ACCESS_KEY: "another" }, true, "unauthorised"],
  ["an unknown authority", {}, false, "repo_unreachable"],
])(
  "S3 with %s is told at once, not after restic's 15 minutes of trying",
  async (name, wrong, isTrusted, code) => {
    const host = await scene.enrolled(
      name.replaceAll(" ", "-"),
      await cleanup.tempFolder(),
      { kind: "s3", url: store.s3Url("backups/closed"), env: { ...store.s3Env, ...wrong } },
      isTrusted ? { SSL_CERT_FILE: store.certFile } : {},
    );
    expect(await host.becomes("failed")).toMatchObject({ status_code: code });
  },
  90_000,
);

test("another kind by address and environment: Swift", async () => {
  const host = await scene.hostWith(
    "swift",
    await cleanup.tempFolder(),
    { kind: "other", url: "swift:backups:/swift", env: store.swiftEnv },
    { SSL_CERT_FILE: store.certFile },
  );
  expect(host.ready).toMatchObject({ kind: "other", append_only: "not_applicable" });
  await scene.keepHealthy(host);
}, 120_000);
