/** Source groups through REST: retention that asks before it removes, hooks that stay sealed, repos, limits. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { listAudit } from "../db/queries/audit.ts";
import { insertJob } from "../db/queries/jobs.ts";
import { updateRepo } from "../db/queries/repos.ts";
import { upsertSnapshots } from "../db/queries/snapshots.ts";
import { findSourceGroup } from "../db/queries/source-groups.ts";
import { compileDesiredState } from "../server/desired-state/compile.ts";
import type { Credentials } from "../server/repos/credentials.ts";
import { createFactBus } from "../server/runtime/facts.ts";
import { createSealer } from "../server/runtime/seal.ts";
import { createPendingConfirmations } from "../server/source-groups/confirmations.ts";
import { createHookTexts } from "../server/source-groups/hook-texts.ts";
import { newId } from "../shared/ids.ts";
import { silentLog } from "../shared/log.ts";
import type { DesiredState } from "../shared/protocol/to-agent.ts";
import { type Person, signInAs, startApp, type TestApp } from "./testbed/app.ts";
import { enrollHost, jsonClient, type TestHost } from "./testbed/hosts.ts";
import { createCleanup } from "./testbed/temp.ts";

type Refused = { error: { code: string; message: string; fields?: Record<string, string> } };

const cleanup = createCleanup();
const NOW = Date.parse("2026-11-20T09:00:00Z");
const DAY = 86_400_000;
const SECRET = "echo marker-of-a-hook-7f3a";
let app: TestApp;
let admin: Person;
let operator: Person;

beforeAll(async () => {
  app = await startApp(cleanup, "warn", { now: () => NOW });
  admin = await signInAs(app, "admin");
  operator = await signInAs(app, "operator");
});
afterAll(cleanup.run);

const api = () => jsonClient(app, operator);
const pathOf = (host: TestHost) => `/api/hosts/${host.id}/source-groups/${host.gid}`;

function addSnapshots(host: TestHost, days: number, tags = ["default"], hostname = host.name): void {
  const rows = Array.from({ length: days }, (_, back) => ({
    snapshot_id: new Bun.CryptoHasher("sha256").update(`${newId()}${back}`).digest("hex"),
    time: NOW - back * DAY - 7 * 3_600_000,
    hostname,
    username: "root",
    paths: ["/srv"],
    tags,
    parent: null,
    program_version: null,
    size_bytes: 1,
    file_count: 1,
    added_bytes: 1,
  }));
  upsertSnapshots(app.db, host.rid, rows);
  updateRepo(app.db, host.rid, { snapshotsTakenAt: NOW });
}

test("a retention that removes snapshots is refused until somebody says that they may go, or stay for now", async () => {
  const host = await enrollHost(app, admin);
  addSnapshots(host, 20);
  addSnapshots(host, 20, ["other"]);
  addSnapshots(host, 20, ["default"], "another-host");
  const refused = await api().ask<Refused>("PUT", pathOf(host), { retention: { keep_last: 5 } });
  expect(refused.status).toBe(409);
  expect(refused.body.error).toMatchObject({
    code: "removes_snapshots",
    message:
      "15 snapshots of 20 would be removed by the next forget: made on 15 Nov 2026, 14 Nov 2026, 13 Nov 2026, 12 Nov 2026, 11 Nov 2026, 10 Nov 2026, and on 9 more days back to 1 Nov 2026.",
  });
  expect(findSourceGroup(app.db, host.gid)?.retention.keep_last).toBeUndefined();
  const held = await api().call("PUT", pathOf(host), { retention: { keep_last: 5 }, confirm_removal: false });
  expect(held["retention_held_since"]).toBe(new Date(NOW).toISOString());
  const still = await api().ask<Refused>("PUT", pathOf(host), { retention: { keep_last: 6 } });
  expect(still.status).toBe(409);
  const harmless = await api().call("PUT", pathOf(host), { retention: { keep_last: 50 } });
  expect(harmless["retention_held_since"]).toBeNull();
  const agreed = await api().call("PUT", pathOf(host), { retention: { keep_last: 3 }, confirm_removal: true });
  expect(agreed).toMatchObject({ retention_held_since: null, retention: { keep_last: 3 } });
});

test("a first forget that would remove what exists is held until somebody agrees; a harmless one goes on by itself", async () => {
  const confirmations = createPendingConfirmations({ db: app.db, clock: app.clock, bus: createFactBus(silentLog) });
  const fresh = await enrollHost(app, admin);
  addSnapshots(fresh, 10);
  expect(confirmations.forgettable(fresh.id).map(({ held }) => held)).toEqual([false]);
  confirmations.carriedOut(fresh.gid, []);
  addSnapshots(fresh, 100);
  expect(confirmations.forgettable(fresh.id).map(({ held }) => held)).toEqual([false]);

  const old = await enrollHost(app, admin);
  addSnapshots(old, 100);
  expect(confirmations.forgettable(old.id).map(({ held }) => held)).toEqual([true]);
  await api().call("POST", `${pathOf(old)}/confirm-retention`, {});
  expect(confirmations.forgettable(old.id).map(({ held }) => held)).toEqual([false]);

  const moved = await enrollHost(app, admin);
  addSnapshots(moved, 100, ["old-tag"]);
  expect(confirmations.forgettable(moved.id).map(({ held }) => held)).toEqual([false]);
  await api().call("PUT", pathOf(moved), { tag: "old-tag" });
  expect(confirmations.forgettable(moved.id).map(({ held }) => held)).toEqual([true]);

  await api().call("PUT", pathOf(old), { retention: {} });
  expect(confirmations.forgettable(old.id)).toEqual([]);

  const unlisted = await enrollHost(app, admin);
  expect(confirmations.forgettable(unlisted.id).map(({ held }) => held)).toEqual([true]);
  expect(findSourceGroup(app.db, unlisted.gid)).toMatchObject({ retentionHeldSince: null, retentionSettledAt: null });
  addSnapshots(unlisted, 1);
  expect(confirmations.forgettable(unlisted.id).map(({ held }) => held)).toEqual([false]);
  confirmations.carriedOut(unlisted.gid, []);
  expect(findSourceGroup(app.db, unlisted.gid)?.retentionSettledAt).toBe(NOW);
  const body = { name: "disk", kind: "local", url: "/srv/disk", repo_password: "a repo password" };
  const { id } = await jsonClient(app, admin).call<{ id: string }>("POST", `/api/hosts/${unlisted.id}/repos`, body);
  await api().call("PATCH", `/api/repos/${id}`, { is_primary: true });
  expect(findSourceGroup(app.db, unlisted.gid)).toMatchObject({ retentionSettledAt: null });
});

test("hooks are for admins, sealed in the database, and named in no answer and no audit row", async () => {
  const host = await enrollHost(app, admin);
  const boss = jsonClient(app, admin);
  expect((await api().ask("PUT", `${pathOf(host)}/hooks`, { pre: SECRET })).status).toBe(403);
  expect((await api().ask("GET", `${pathOf(host)}/hooks`)).status).toBe(403);
  expect((await api().ask("GET", `/api/hosts/${host.id}/hooks`)).status).toBe(403);
  await boss.call("PUT", `/api/hosts/${host.id}/hooks`, {
    pre: `${SECRET} host`,
    post: `${SECRET} host`,
    hook_shell: "/bin/bash",
  });
  await boss.call("PUT", `${pathOf(host)}/hooks`, { pre: `${SECRET} group` });
  expect(await boss.call("GET", `${pathOf(host)}/hooks`)).toEqual({
    pre: `${SECRET} group`,
    post: null,
    unreadable: [],
  });

  await api().call("PUT", pathOf(host), { includes: ["/opt"] });
  expect(await boss.call("GET", `${pathOf(host)}/hooks`)).toEqual({
    pre: `${SECRET} group`,
    post: null,
    unreadable: [],
  });
  const shown = await api().call("GET", pathOf(host));
  expect(shown).toMatchObject({ has_pre_hook: true, has_post_hook: false });
  expect(JSON.stringify(shown)).not.toContain("marker");

  const bytes = app.db.$client.serialize();
  expect(Buffer.from(bytes).includes("marker-of-a-hook")).toBe(false);
  const { items } = listAudit(app.db, { target_id: host.gid }, 50, 0);
  expect(items.map((row) => row.action)).toContain("source_group.hooks_changed");
  const refused = listAudit(app.db, {}, 500, 0).items.filter(
    (row) => row.action === "source_group.hooks_changed.denied",
  );
  expect(refused).toHaveLength(1);

  for (const [person, sees] of [
    [admin, true],
    [operator, false],
  ] as const) {
    const page = await app.request(`/hosts/${host.id}/sources/${host.gid}`, { headers: { cookie: person.cookie } });
    expect((await page.text()).includes("marker-of-a-hook")).toBe(sees);
    const settings = await app.request(`/hosts/${host.id}/settings`, { headers: { cookie: person.cookie } });
    expect((await settings.text()).includes("marker-of-a-hook")).toBe(sees);
  }
});

test("the tag may change until a backup carries it; wrong fields are told at once", async () => {
  const host = await enrollHost(app, admin);
  expect(await api().call("PUT", pathOf(host), { tag: "papers" })).toMatchObject({ tag: "papers" });
  insertJob(app.db, {
    id: newId(),
    hostId: host.id,
    repoId: host.rid,
    sourceGroupId: host.gid,
    kind: "backup",
    status: "queued",
    attempt: 1,
    actorKind: "schedule",
    args: {},
    queuedAt: NOW,
  });
  const fixed = await api().ask<Refused>("PUT", pathOf(host), { tag: "letters" });
  expect(fixed.body.error.fields?.["tag"]).toContain("cannot be changed");
  const wrong = await api().ask<Refused>("PUT", pathOf(host), {
    includes: ["home"],
    excludes: ["*.tmp", "# note"],
    retry_max: 11,
    retry_backoff_seconds: -1,
    repo_ids: [newId()],
  });
  expect(wrong.status).toBe(400);
  expect(Object.keys(wrong.body.error.fields ?? {}).sort()).toEqual([
    ...["excludes", "includes", "repo_ids", "retry_backoff_seconds", "retry_max"],
  ]);
  const bad = await api().ask<Refused>("PUT", pathOf(host), { retention: { keep_daily: 0, keep_within: "5w" } });
  expect(Object.keys(bad.body.error.fields ?? {}).length).toBeGreaterThan(0);
});

test("Windows stays on no file system; limits are whole numbers", async () => {
  const host = await enrollHost(app, admin, { os: "windows", includes: ["C:\\Users"] });
  const answer = await api().ask<Refused>("PUT", pathOf(host), { one_file_system: true });
  expect(answer.body.error.fields?.["one_file_system"]).toContain("Windows");
  expect(await api().call("PUT", `/api/hosts/${host.id}/bandwidth`, { up_kbps: 500, down_kbps: null })).toEqual({
    up_kbps: 500,
    down_kbps: null,
  });
  for (const up of [0, 1.5, "fast", -1])
    expect((await api().ask("PUT", `/api/hosts/${host.id}/bandwidth`, { up_kbps: up, down_kbps: null })).status).toBe(
      400,
    );
});

test("snapshots of a deleted group are listed with no retention", async () => {
  const host = await enrollHost(app, admin);
  addSnapshots(host, 1, ["gone"]);
  const page = await app.request(`/hosts/${host.id}`, { headers: { cookie: admin.cookie } });
  expect(await page.text()).toContain("no retention");
});

test("the agent is told hooks resolved, schedules, limits and zone; what it cannot be told in one message is refused", async () => {
  const host = await enrollHost(app, admin);
  const boss = jsonClient(app, admin);
  const sealer = createSealer(Buffer.alloc(32, 1));
  const hooks = createHookTexts({ sealer });
  const credentials = { inUse: () => null } as unknown as Credentials;
  const state = () =>
    compileDesiredState({ db: app.db, sealer, credentials, hooks, updateKeys: () => [] }, host.id) as DesiredState;
  await boss.call("PUT", `/api/hosts/${host.id}/hooks`, { pre: "host pre", post: "host post", hook_shell: "bash -c" });
  await boss.call("PUT", `${pathOf(host)}/hooks`, { pre: "group pre\r\nsecond line" });
  await api().call("PUT", `/api/hosts/${host.id}/bandwidth`, { up_kbps: 700, down_kbps: null });
  await api().call("PATCH", `/api/hosts/${host.id}`, { timezone_override: "Europe/Berlin", roaming: true });
  await api().call("PUT", pathOf(host), { retry_max: 5, retry_backoff_seconds: 90, repo_ids: [host.rid] });
  const before = state();
  expect(before).toMatchObject({
    hook_shell: "bash -c",
    bandwidth: { up_kbps: 700, down_kbps: null },
    timezone_override: "Europe/Berlin",
    roaming: true,
    schedules_paused: false,
    schedules: [{ cron: "0 2 * * *", splay_minutes: 120, enabled: true, source_group_ids: [host.gid] }],
    source_groups: [
      {
        id: host.gid,
        hooks: { pre: "group pre\nsecond line", post: "host post" },
        retry: { max: 5, backoff_seconds: 90 },
        repo_ids: [host.rid],
      },
    ],
  });
  expect(JSON.stringify(before.source_groups)).not.toContain("retention");
  await boss.call("PUT", `${pathOf(host)}/hooks`, { pre: "" });
  expect(state().source_groups[0]?.hooks.pre).toBe("host pre");
  expect(state().digest).not.toBe(before.digest);

  for (let n = 0; n < 4; n++)
    await api().call("POST", `/api/hosts/${host.id}/source-groups`, { name: `more-${n}`, includes: ["/srv"] });
  const hook = "x".repeat(65_000);
  const large = await boss.ask<Refused>("PUT", `/api/hosts/${host.id}/hooks`, { pre: hook, post: hook });
  expect(large.status).toBe(413);
  expect((await boss.call("GET", `/api/hosts/${host.id}/hooks`))["pre"]).toBe("host pre");
});

test("names and first paths hold nothing that a terminal would obey or a list would split", async () => {
  const host = await enrollHost(app, admin);
  for (const name of ["a\u001b[31mred", "a\nb", "a\u202egnp.exe"])
    expect((await api().ask("PUT", pathOf(host), { name })).status).toBe(400);
  const repo = { kind: "rest", url: "http://vault:8000/web/" };
  for (const includes of [["/srv\n/etc"], ["/srv\u0000"], [`/${"a".repeat(5000)}`], Array(1500).fill("/srv")]) {
    const body = { host_name: "newcomer", includes, repo };
    const answer = await jsonClient(app, admin).ask<Refused>("POST", "/api/enrollment-tokens", body);
    expect(answer.status).toBe(400);
    expect(answer.body.error.fields).toHaveProperty("includes");
  }
});

test("of two tabs the later one is shown what the other changed; what both changed is asked, and then it may", async () => {
  const host = await enrollHost(app, admin);
  const path = `/hosts/${host.id}/sources/${host.gid}`;
  const first = findSourceGroup(app.db, host.gid);
  const hiddenIn = (html: string, name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? "";
  const open = async () => (await app.request(path, { headers: { cookie: operator.cookie } })).text();
  const send = async (person: Person, page: string, fields: Record<string, string>) => {
    const headers = { cookie: person.cookie, "content-type": "application/x-www-form-urlencoded" };
    const seen = { seen: hiddenIn(page, "seen"), marks: hiddenIn(page, "marks"), asked: hiddenIn(page, "asked") };
    const same = {
      name: "default",
      includes: "/srv",
      excludes: first?.excludes.join("\n") ?? "",
      exclude_caches: "on",
      retry_max: "3",
      retry_backoff_seconds: "60",
      ...Object.fromEntries(Object.entries(first?.retention ?? {}).map(([rule, value]) => [rule, String(value)])),
    };
    const body = new URLSearchParams({ csrf: person.csrf, ...seen, ...same, ...fields }).toString();
    return await app.request(path, { method: "POST", headers, body });
  };
  const page = await open();
  app.clock.move(1000);
  expect((await send(admin, page, { excludes: "*.iso", retry_max: "5" })).status).toBe(303);
  app.clock.move(1000);
  // Who runs it has not saved it.
  await api().call("POST", `/api/hosts/${host.id}/source-groups/${host.gid}/run`, {});

  const late = await send(operator, page, { excludes: "*.tmp", name: "papers" });
  expect(late.status).toBe(409);
  const html = await late.text();
  expect(html).toMatch(/admin saved this [^<]*, while you were editing\./);
  expect(html).toContain("The form below now includes these changes: Retries.");
  expect(html).toMatch(/name="retry_max"[^>]*value="5"/);
  expect(html).toMatch(/name="name"[^>]*value="papers"/);
  expect(hiddenIn(html, "asked")).toBe("excludes");
  expect(html).toMatch(/<textarea[^>]*name="excludes"[^>]*>\*\.tmp</);
  expect(html).toContain("<code>*.iso</code>");
  expect(findSourceGroup(app.db, host.gid)).toMatchObject({ name: "default", excludes: ["*.iso"] });

  const taken = await send(operator, html, { excludes: "*.tmp", name: "papers", retry_max: "5", take: "excludes" });
  expect(await taken.text()).toMatch(/<textarea[^>]*name="excludes"[^>]*>\*\.iso</);
  expect(findSourceGroup(app.db, host.gid)?.name).toBe("default");

  const before = listAudit(app.db, { target_id: host.gid }, 1, 0).total;
  expect((await send(operator, html, { excludes: "*.tmp", name: "papers", retry_max: "5" })).status).toBe(303);
  expect(findSourceGroup(app.db, host.gid)).toMatchObject({ name: "papers", excludes: ["*.tmp"], retryMax: 5 });
  expect(listAudit(app.db, { target_id: host.gid }, 1, 0).total - before).toBe(1);
});
