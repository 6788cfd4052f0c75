/** Applying, storing and refusing desired states. */
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newId } from "../../shared/ids.ts";
import { silentLog } from "../../shared/log.ts";
import { createRedactor } from "../../shared/redact.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { openAgentDb } from "../store/open.ts";
import { createStore } from "../store/store.ts";
import { desiredState } from "../testing/fixture.ts";
import { createDesiredState } from "./desired-state.ts";

const cleanup = createCleanup();
afterAll(() => cleanup.run());

const repoId = newId();
const credential = {
  url: "rest:http://user:url-secret-22@vault/x/",
  http_username: "web-01",
  http_password: "http-secret-1",
  repo_password: "restic-secret",
  env: {},
};

async function holder({
  folder,
  key = "a".repeat(64),
  allowedEnv = [] as string[],
}: {
  folder?: string;
  key?: string;
  allowedEnv?: string[];
} = {}) {
  const stateFolder = folder ?? (await cleanup.tempFolder());
  const redactor = createRedactor();
  const store = createStore(openAgentDb(stateFolder, 0).db);
  const options = {
    store,
    stateFolder,
    secretsKey: key,
    allowedEnv,
    os: "linux" as const,
    redactor,
    log: silentLog,
    now: 42,
  };
  return { stateFolder, redactor, store, state: createDesiredState(options) };
}

test("it is applied, kept over a restart, and its secrets stand in secrets.enc alone", async () => {
  const { state, store, stateFolder } = await holder();
  expect(state.digest()).toBeNull();
  expect(state.apply(desiredState({ repoId, credential }))).toEqual({
    state_version: 1,
    digest: "digest-1",
    errors: [],
  });
  store.close();
  for (const name of readdirSync(stateFolder)) {
    const bytes = readFileSync(join(stateFolder, name), "utf8");
    for (const secret of ["http-secret-1", "restic-secret", "url-secret-22"]) expect(bytes).not.toContain(secret);
  }
  const again = await holder({ folder: stateFolder });
  expect(again.state.digest()).toBe("digest-1");
  expect(again.state.findRepo(repoId)).toMatchObject({ found: "ok", access: { credential, name: "vault" } });
  expect(again.redactor.redact("http-secret-1 restic-secret url-secret-22")).toBe("[redacted] [redacted] [redacted]");
});

test("a lower version is applied too: the server may have been restored from a copy", async () => {
  const { state } = await holder();
  state.apply(desiredState({ repoId, credential, version: 7 }));
  expect(state.apply(desiredState({ repoId, credential, version: 3 })).state_version).toBe(3);
  expect(state.version()).toBe(3);
});

test("damaged secrets are moved aside, and no digest is reported until they have arrived again", async () => {
  const { state, store, stateFolder } = await holder();
  state.apply(desiredState({ repoId, credential }));
  store.close();
  const path = join(stateFolder, "secrets.enc");
  const blob = readFileSync(path);
  blob[blob.length - 1]! ^= 1;
  writeFileSync(path, blob);
  const again = await holder({ folder: stateFolder });
  expect(again.state).toMatchObject({});
  expect(again.state.version()).toBe(1);
  expect(again.state.digest()).toBeNull();
  expect(again.state.findRepo(repoId)).toEqual({ found: "missing" });
  expect(readFileSync(`${path}.damaged-42`)).toEqual(blob);
  again.state.apply(desiredState({ repoId, credential }));
  expect(again.state.digest()).toBe("digest-1");
});

test("another key does not open them", async () => {
  const { state, store, stateFolder } = await holder();
  state.apply(desiredState({ repoId, credential }));
  store.close();
  expect((await holder({ folder: stateFolder, key: "b".repeat(64) })).state.digest()).toBeNull();
});

test("environment beyond the kind of repo is refused with its place, unless the owner allowed it", async () => {
  const dangerous = { ...credential, env: { RESTIC_PASSWORD_COMMAND: "cat /etc/shadow" } };
  const { state } = await holder();
  const ack = state.apply(desiredState({ repoId, credential: dangerous }));
  expect(ack.errors).toHaveLength(1);
  expect(ack.errors[0]).toMatchObject({ path: "repos[0].env" });
  expect(state.findRepo(repoId)).toMatchObject({ found: "refused" });
  const lenient = await holder({ allowedEnv: ["RESTIC_PASSWORD_COMMAND"] });
  expect(lenient.state.apply(desiredState({ repoId, credential: dangerous })).errors).toEqual([]);
  expect(lenient.state.findRepo(repoId)).toMatchObject({ found: "ok" });
});

test("paths and patterns that restic would misread are named", async () => {
  const { state } = await holder();
  const group = { includes: ["/etc", "relative"], excludes: ["*.tmp", "# not a comment"] };
  const { errors } = state.apply(desiredState({ repoId, credential, group }));
  expect(errors.map((error) => error.path)).toEqual(["source_groups[0].includes[1]", "source_groups[0].excludes[1]"]);
});

test("a first state that the disk did not take is not acknowledged as applied; the next try is", async () => {
  const { state, stateFolder } = await holder();
  // A folder in its place takes no file, whoever writes.
  const place = join(stateFolder, "secrets.enc");
  mkdirSync(join(place, "in the way"), { recursive: true });
  const ack = state.apply(desiredState({ repoId, credential, version: 2 }));
  expect(ack).toMatchObject({ state_version: 0, digest: null, errors: [{ path: "state" }] });
  expect(state.version()).toBeNull();
  expect(state.findRepo(repoId)).toEqual({ found: "missing" });
  rmSync(place, { recursive: true });
  expect(state.apply(desiredState({ repoId, credential, version: 2 }))).toMatchObject({ state_version: 2, errors: [] });
});

test("a later state that the disk did not take leaves the one before in force, and says which that is", async () => {
  const { state, stateFolder } = await holder();
  const first = desiredState({ repoId, credential, version: 2 });
  state.apply(first);
  const place = join(stateFolder, "secrets.enc");
  renameSync(place, `${place}.aside`);
  mkdirSync(join(place, "in the way"), { recursive: true });
  const next = { ...desiredState({ repoId, credential, version: 3 }), digest: "digest-3" };
  expect(state.apply(next)).toMatchObject({ state_version: 2, digest: first.digest, errors: [{ path: "state" }] });
  expect(state.findRepo(repoId)).toMatchObject({ found: "ok" });
});
