/** Settings that a host could not use, in part or at all: the rest works, and every page concerned says what is wrong and why. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { updateRepo } from "../db/queries/repos.ts";
import { putTarget } from "../db/queries/source-groups.ts";
import type { ToAgentPayload } from "../shared/protocol/to-agent.ts";
import { MINUTE_MS } from "../shared/time/clock.ts";
import { type Person, signInAs, startApp, type TestApp } from "./testbed/app.ts";
import { enrollHost, jsonClient, type TestHost } from "./testbed/hosts.ts";
import { connectInside } from "./testbed/inside-agent.ts";
import { createCleanup } from "./testbed/temp.ts";

const cleanup = createCleanup();
let app: TestApp;
let admin: Person;
let operator: Person;
beforeAll(async () => {
  app = await startApp(cleanup);
  admin = await signInAs(app, "admin");
  operator = await signInAs(app, "operator");
});
afterAll(cleanup.run);

type State = ToAgentPayload<"state.set">;
type Host = {
  status: string;
  in_sync: boolean;
  applied_state_version: number | null;
  state_errors: { path: string; message: string; about: Record<string, unknown> | null }[];
};
const hostOf = ({ id }: TestHost) => jsonClient(app, admin).call<Host>("GET", `/api/hosts/${id}`);
const tick = async (name: string) => await app.wired.ticks.find((one) => one.name === name)?.run();
const read = async (path: string) => {
  const answer = await app.request(path, { headers: { cookie: operator.cookie } });
  return (await answer.text()).replaceAll("&#39;", "'").replaceAll("&quot;", '"');
};
const textOf = (html: string) =>
  html
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ")
    .trim();

const WHY = "This path is not backed up: it is not an absolute path";
/** As an agent on Linux does. */
const judged = (state: State) => ({
  state_version: state.state_version,
  digest: state.digest,
  errors: state.source_groups.flatMap(({ includes }, at) =>
    includes.flatMap((path, line) =>
      path.startsWith("/") ? [] : [{ path: `source_groups[${at}].includes[${line}]`, message: WHY }],
    ),
  ),
});

describe("one line that the host refuses", () => {
  let host: TestHost;
  let agent: Awaited<ReturnType<typeof connectInside>>;
  beforeAll(async () => {
    host = await enrollHost(app, admin, { name: "lines-01", includes: ["/srv", "C:\\Users"] });
    agent = await connectInside(app, host.identity, { ack: judged });
    await agent.stored();
  });

  test("the rest of the state counts as applied: the repo is opened", async () => {
    expect(await hostOf(host)).toMatchObject({ in_sync: true, applied_state_version: 2 });
    expect(agent.orders("probe")).toHaveLength(1);
    app.clock.move(11 * MINUTE_MS);
    agent.tell("heartbeat", {
      running_job_ids: [],
      queued_jobs: 0,
      outbox_pending: 0,
      load: 0,
      uptime_s: 1,
      free_bytes_state: null,
    });
    await tick("state");
    expect(agent.states()).toHaveLength(1);
  });

  test("REST says which group and which line", async () => {
    expect((await hostOf(host)).state_errors).toEqual([
      {
        path: "source_groups[0].includes[1]",
        message: WHY,
        about: { kind: "source_group", id: host.gid, field: "includes", value: "C:\\Users" },
      },
    ]);
  });

  test("the host's page, its list and its editor name the line", async () => {
    const page = textOf(await read(`/hosts/${host.id}`));
    expect(page).toContain("lines-01 has no backup yet and could not apply some of its settings");
    expect(page).toContain("C:\\Users");
    expect(page).toContain(WHY);
    expect(await read(`/hosts/${host.id}`)).toContain(`href="/hosts/${host.id}/sources/${host.gid}#includes"`);
    const editor = textOf(await read(`/hosts/${host.id}/sources/${host.gid}`));
    expect(editor).toContain("C:\\Users");
    expect(editor).toContain(WHY);
  });

  test("the page of its enrolment names the line", async () => {
    const row = app.db.$client
      .query<{ id: string }, [string]>("SELECT id FROM enrollment_tokens WHERE enrolled_host_id = ?")
      .get(host.id);
    const answer = await app.request(`/hosts/new/${row?.id}`, { headers: { cookie: admin.cookie } });
    expect(textOf(await answer.text())).toContain(`includes line 2 C:\\Users : ${WHY}`);
  });

  test("the dashboard names the host and the group", async () => {
    const finishedAt = app.clock.now();
    const target = { sourceGroupId: host.gid, repoId: host.rid, lastStatus: "succeeded" as const, lastWarnings: 0 };
    updateRepo(app.db, host.rid, { status: "ready" });
    putTarget(app.db, {
      ...target,
      lastJobId: null,
      lastAt: finishedAt,
      lastSuccessAt: finishedAt,
      addedBytesMedian: null,
      filesMedian: null,
    });
    await jsonClient(app, admin).call("PATCH", `/api/hosts/${host.id}`, { tags: ["x"] });
    expect(textOf(await read("/"))).toContain("lines-01 could not apply some of its settings (default)");
    expect((await hostOf(host)).status).toBe("online");
    expect(textOf(await read(`/hosts/${host.id}`))).toContain(
      "lines-01 is protected but could not apply some of its settings",
    );
  });

  test("once it is corrected all of it is gone", async () => {
    const path = `/api/hosts/${host.id}/source-groups/${host.gid}`;
    await jsonClient(app, admin).call("PUT", path, { includes: ["/srv"] });
    await agent.stored();
    expect(await hostOf(host)).toMatchObject({ in_sync: true, applied_state_version: 3, state_errors: [] });
    expect(textOf(await read(`/hosts/${host.id}`))).not.toContain("C:\\Users");
    agent.close();
  });
});

test("a host whose acknowledgement was lost is asked again what it could not use", async () => {
  const host = await enrollHost(app, admin, { name: "lost-ack", includes: ["/srv", "C:\\Users"] });
  const before = await connectInside(app, host.identity, { ack: () => null });
  const { state_version, digest } = before.states().at(-1) as State;
  before.close();
  const hello = { applied_state_version: state_version, applied_state_digest: digest };
  const agent = await connectInside(app, host.identity, { ack: judged, hello });
  await agent.stored();
  const { in_sync, state_errors } = await hostOf(host);
  expect(in_sync).toBe(true);
  expect(state_errors.map(({ about }) => about?.["value"])).toEqual(["C:\\Users"]);
  agent.close();
  // Once it is known the state is not sent again.
  const again = await connectInside(app, host.identity, { ack: judged, hello });
  expect(again.states()).toEqual([]);
  again.close();
});

describe("a first state that the host could not save", () => {
  const NOT_SAVED = "it could not be saved on this host: database or disk is full";
  test.each([
    ["of today", "unsaved-today", () => 0],
    [
      "of an older version, which names the version that it did not save",
      "unsaved-older",
      (state: State) => state.state_version,
    ],
  ])("by an agent %s", async (_name, name, versionOf) => {
    const host = await enrollHost(app, admin, { name });
    let isFull = true;
    const agent = await connectInside(app, host.identity, {
      ack: (state) =>
        isFull
          ? { state_version: versionOf(state), digest: null, errors: [{ path: "state", message: NOT_SAVED }] }
          : judged(state),
    });
    await agent.stored();
    expect(await hostOf(host)).toMatchObject({ in_sync: false, applied_state_version: null });
    expect(agent.orders()).toEqual([]);
    const page = textOf(await read(`/hosts/${host.id}`));
    expect(page).toContain(`${name} could not save its settings`);
    expect(page).toContain("database or disk is full");
    expect(textOf(await read("/"))).toContain("could not save its settings");

    isFull = false;
    app.clock.move(MINUTE_MS + 1000);
    await tick("state");
    await agent.stored();
    expect(await hostOf(host)).toMatchObject({ in_sync: true, applied_state_version: 2, state_errors: [] });
    expect(agent.orders("probe")).toHaveLength(1);
    expect(textOf(await read(`/hosts/${host.id}`))).not.toContain("could not save");
    agent.close();
  });

  test("a later one: the host goes on by the one that it has, and is tried again", async () => {
    const host = await enrollHost(app, admin, { name: "unsaved-later", backupNow: false });
    let kept: State | null = null;
    let isFull = false;
    const agent = await connectInside(app, host.identity, {
      ack: (state) => {
        if (!isFull) kept = state;
        const { state_version, digest } = kept ?? state;
        return { state_version, digest, errors: isFull ? [{ path: "state", message: NOT_SAVED }] : [] };
      },
    });
    await agent.stored();
    isFull = true;
    await jsonClient(app, admin).call("PATCH", `/api/hosts/${host.id}`, { roaming: true });
    await agent.stored();
    expect(await hostOf(host)).toMatchObject({ in_sync: false, applied_state_version: 2 });
    expect(textOf(await read(`/hosts/${host.id}`))).toContain("database or disk is full");
    isFull = false;
    app.clock.move(MINUTE_MS + 1000);
    await tick("state");
    await agent.stored();
    expect(await hostOf(host)).toMatchObject({ in_sync: true, applied_state_version: 3, state_errors: [] });
    agent.close();
  });
});
