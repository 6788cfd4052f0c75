/** Every route that changes something writes exactly one audit row, named as the route declares; a route missing here fails the test. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { updateHost } from "../db/queries/hosts.ts";
import { insertPendingHost } from "../db/queries/pending-hosts.ts";
import { updateRepo } from "../db/queries/repos.ts";
import { listSchedules } from "../db/queries/schedules.ts";
import { listSessionsOfUser } from "../db/queries/sessions.ts";
import { createPasswordWork } from "../server/auth/passwords.ts";
import { createSessionStore } from "../server/auth/sessions.ts";
import type { Route } from "../server/http/routes.ts";
import { createFactBus } from "../server/runtime/facts.ts";
import { createSealer } from "../server/runtime/seal.ts";
import { createAccounts } from "../server/users/accounts.ts";
import { newId } from "../shared/ids.ts";
import { silentLog } from "../shared/log.ts";
import { MINUTE_MS } from "../shared/time/clock.ts";
import { PASSWORD, type Person, signInAs, startApp, type TestApp } from "./testbed/app.ts";
import { enrollHost, enrollRequest, jsonClient } from "./testbed/hosts.ts";
import { createCleanup } from "./testbed/temp.ts";

const cleanup = createCleanup();
let app: TestApp;
let admin: Person;
let made = 0;

beforeAll(async () => {
  app = await startApp(cleanup);
  admin = await signInAs(app, "admin");
});
afterAll(cleanup.run);

type Case = { params?: Record<string, string>; body: Record<string, unknown>; as?: Person };

const call = (method: string, path: string, body: unknown, person: Person | null = admin) =>
  jsonClient(app, person).call<Record<string, never>>(method, path, body);

const tokenBody = () => ({
  host_name: `host-${++made}`,
  includes: ["/srv"],
  repo: {
    kind: "rest",
    url: "http://vault:8000/web/",
    http_password: "an http password",
    repo_password: "a repo password",
  },
});
const newTokenId = async (): Promise<string> => (await call("POST", "/api/enrollment-tokens", tokenBody()))["id"] ?? "";
const enrollBody = async () =>
  enrollRequest((await call("POST", "/api/enrollment-tokens", tokenBody()))["token"] ?? "");
const newHost = () => enrollHost(app, admin);

const hostCase = async (body: Record<string, unknown> = {}): Promise<Case> => {
  const { id, gid, rid } = await newHost();
  return { params: { id, gid, rid }, body };
};
const repoCase = async (body: Record<string, unknown> = {}): Promise<Case> => ({
  params: { id: (await newHost()).rid },
  body,
});
const secondGroup = async (): Promise<Case> => {
  const host = await newHost();
  const group = await call("POST", `/api/hosts/${host.id}/source-groups`, { name: "second", includes: ["/home"] });
  return { params: { id: host.id, gid: group["id"] ?? "" }, body: {} };
};
const scheduleBodyCase = async (): Promise<Case> => {
  const { id, gid } = await newHost();
  return { params: { id }, body: { cron: "0 3 * * *", source_group_ids: [gid] } };
};
/** The schedule that every new host has. */
const scheduleCase = async (body: Record<string, unknown> = {}): Promise<Case> => {
  const { id } = await newHost();
  return { params: { id, sid: listSchedules(app.db, id)[0]?.id ?? "" }, body };
};
const archived = async (): Promise<Case> => {
  const host = await newHost();
  updateHost(app.db, host.id, { archivedAt: 1 });
  return { params: { id: host.id }, body: { confirm: host.name } };
};
const waitingJob = async (): Promise<Case> => {
  const host = await newHost();
  const run = await call("POST", `/api/hosts/${host.id}/source-groups/${host.gid}/run`, {});
  return { params: { id: (run["job_ids"] as unknown as string[])[0] ?? "" }, body: {} };
};
const readyRepo = async (body: Record<string, unknown>, key: "id" | "rid"): Promise<Case> => {
  const host = await newHost();
  updateRepo(app.db, host.rid, { status: "ready", resticId: "abc" });
  return { params: key === "id" ? { id: host.rid } : { id: host.id, rid: host.rid }, body };
};
const keyed = (key: "id" | "rid", id: string, rid: string, body: Record<string, unknown>): Case => ({
  params: key === "id" ? { id: rid } : { id, rid },
  body,
});
/** A ready repo in which the everyday credential may delete. */
const deletable = async (key: "id" | "rid"): Promise<Case> => {
  const { id, rid } = await newHost();
  updateRepo(app.db, rid, { status: "ready", resticId: newId(), appendOnly: "violated", snapshotsTakenAt: 1 });
  return keyed(key, id, rid, {});
};
const missingRepo = async (key: "id" | "rid"): Promise<Case> => {
  const { id, rid, name } = await newHost();
  updateRepo(app.db, rid, { status: "failed", statusCode: "repo_missing", resticId: newId() });
  return keyed(key, id, rid, { confirm: name });
};
const withAdmin = async (key: "id" | "rid"): Promise<Case> => {
  const { id, rid } = await newHost();
  await call("PUT", `/api/repos/${rid}/credentials/admin`, { url: "rest:http://vault:8001/a/" });
  return keyed(key, id, rid, {});
};
const secondRepo = async (key: "id" | "rid"): Promise<Case> => {
  const { id, name } = await newHost();
  const repo = await call("POST", `/api/hosts/${id}/repos`, { name: "second", kind: "local", url: "/srv/second" });
  return keyed(key, id, repo["id"] ?? "", { confirm: name });
};
const guest = () => signInAs(app, "viewer", `guest-${++made}`);
const setupCase = async (): Promise<Case> => {
  const sealer = createSealer(Buffer.alloc(32, 1));
  const sessions = createSessionStore({ db: app.db, clock: app.clock, sealer });
  const accounts = createAccounts({
    db: app.db,
    clock: app.clock,
    sessions,
    bus: createFactBus(silentLog),
    passwords: createPasswordWork(),
  });
  const { setupToken } = accounts.addUser({ kind: "system" }, `new-${++made}`, "viewer");
  return { params: { token: setupToken }, body: { password: "plum harbour lantern 43" } };
};
const tokenCase = async (): Promise<Case> => {
  const id = await newTokenId();
  return { params: { id, tid: id }, body: {} };
};
const groupForm = { name: "papers", includes: "/srv/papers", excludes: "" };
const hostForm = {
  host_name: "",
  tags: "",
  kind: "rest",
  url: "rest:http://vault:8000/web/",
  includes: "/srv",
  backup_now: "on",
};

const pausedHost = async (): Promise<Case> => {
  const { id } = await newHost();
  updateHost(app.db, id, { schedulesPaused: true });
  return { params: { id }, body: {} };
};
const announcedCase = async (body: Record<string, unknown> = {}): Promise<Case> => {
  const id = newId();
  insertPendingHost(app.db, {
    id,
    publicKey: newId(),
    fingerprint: "SHA256:abc",
    hostName: `asks-${++made}`,
    machineId: newId(),
    os: "linux",
    arch: "x64",
    timezone: "UTC",
    agentVersion: "0.1.0",
    protocolVersion: 1,
    agentTokenHash: newId(),
    announcedFromIp: "10.0.0.1",
    lastSeenAt: app.clock.now(),
    expiresAt: app.clock.now() + 60_000,
    createdAt: app.clock.now(),
  });
  return { params: { id }, body };
};

const holdCase = async (): Promise<Case> => {
  const placed = await call("POST", "/api/deletion-holds", { host_id: (await newHost()).id, reason: "Suspicion" });
  return { params: { id: placed["id"] ?? "" }, body: {} };
};

/** One working call for every route that writes. */
const CASES: Record<string, () => Promise<Case>> = {
  "POST /api/auth/login": async () => ({ body: { username: "admin", password: PASSWORD } }),
  "POST /api/auth/logout": async () => ({ body: {}, as: await guest() }),
  "PATCH /api/hosts/:id": () => hostCase({ tags: ["a"] }),
  "DELETE /api/hosts/:id": () => hostCase(),
  "POST /api/hosts/:id/purge": archived,
  "PUT /api/repos/:id/credentials/everyday": () => readyRepo({ http_password: "another one" }, "id"),
  "PUT /api/repos/:id/credentials/admin": () => repoCase({ url: "rest:http://vault:8001/a/" }),
  "DELETE /api/repos/:id/credentials/admin": () => withAdmin("id"),
  "POST /api/hosts/:id/repos": () => hostCase({ name: "offsite", kind: "local", url: "/srv/offsite" }),
  "PATCH /api/repos/:id": () => repoCase({ name: "vault" }),
  "DELETE /api/repos/:id": () => secondRepo("id"),
  "PUT /api/repos/:id/maintenance": () => repoCase({ check_cron: "0 5 * * *", check_budget_bytes: 0 }),
  "POST /api/repos/:id/forget": () => deletable("id"),
  "POST /api/repos/:id/prune": () => deletable("id"),
  "POST /api/repos/:id/check": () => deletable("id"),
  "POST /api/repos/:id/reinit": () => missingRepo("id"),
  "POST /hosts/:id/repos/new": () => hostCase({ name: "offsite", kind: "local", url: "/srv/offsite" }),
  "POST /hosts/:id/repos/:rid": () => hostCase({ name: "vault", compression: "max" }),
  "POST /hosts/:id/repos/:rid/credentials/admin": () => hostCase({ url: "rest:http://vault:8001/a/" }),
  "POST /hosts/:id/repos/:rid/credentials/admin/remove": () => withAdmin("rid"),
  "POST /hosts/:id/repos/:rid/maintenance": () => hostCase({ enabled: "on", check_cron: "0 5 * * *" }),
  "POST /hosts/:id/repos/:rid/forget": () => deletable("rid"),
  "POST /hosts/:id/repos/:rid/prune": () => deletable("rid"),
  "POST /hosts/:id/repos/:rid/check": () => deletable("rid"),
  "POST /hosts/:id/repos/:rid/reinit": () => missingRepo("rid"),
  "POST /hosts/:id/repos/:rid/remove": () => secondRepo("rid"),
  "POST /api/deletion-holds": async () => ({ body: { host_id: (await newHost()).id, reason: "Suspicion" } }),
  "DELETE /api/deletion-holds/:id": holdCase,
  "POST /deletion-holds": async () => ({ body: { scope: `host:${(await newHost()).id}`, reason: "Suspicion" } }),
  "POST /deletion-holds/:id/release": holdCase,
  "POST /api/hosts/:id/source-groups": () => hostCase({ name: "more", includes: ["/opt"] }),
  "PUT /api/hosts/:id/source-groups/:gid": () => hostCase({ includes: ["/opt"] }),
  "DELETE /api/hosts/:id/source-groups/:gid": secondGroup,
  "POST /api/hosts/:id/source-groups/:gid/confirm-retention": () => hostCase(),
  "PUT /api/hosts/:id/source-groups/:gid/hooks": () => hostCase({ pre: "echo a secret of the test" }),
  "PUT /api/hosts/:id/hooks": () => hostCase({ pre: "echo a secret of the test", hook_shell: "/bin/bash" }),
  "PUT /api/hosts/:id/bandwidth": () => hostCase({ up_kbps: 100, down_kbps: null }),
  "POST /api/hosts/:id/schedules": scheduleBodyCase,
  "PUT /api/hosts/:id/schedules/:sid": () => scheduleCase({ enabled: false }),
  "DELETE /api/hosts/:id/schedules/:sid": () => scheduleCase(),
  "POST /api/hosts/:id/schedules/:sid/run": () => scheduleCase(),
  "POST /hosts/:id/schedules/:sid/run": () => scheduleCase(),
  "POST /hosts/:id/schedules/new": async () => {
    const { params = {}, body } = await scheduleBodyCase();
    return {
      params,
      body: { ...body, source_group_ids: (body["source_group_ids"] as string[])[0], splay_minutes: "5" },
    };
  },
  "POST /hosts/:id/schedules/:sid": async () => {
    const { params = {}, body } = await scheduleCase();
    const [gid] = listSchedules(app.db, params["id"] ?? "")[0]?.groupIds ?? [];
    return { params, body: { ...body, cron: "0 4 * * *", splay_minutes: "5", source_group_ids: gid } };
  },
  "POST /hosts/:id/schedules/:sid/pause": () => scheduleCase(),
  "POST /hosts/:id/schedules/:sid/resume": () => scheduleCase(),
  "POST /hosts/:id/schedules/:sid/delete": () => scheduleCase(),
  "POST /api/jobs/:id/cancel": waitingJob,
  "POST /api/hosts/:id/source-groups/:gid/run": () => hostCase(),
  "POST /api/repos/:id/probe": () => repoCase(),
  "POST /api/repos/:id/unlock": () => repoCase(),
  "POST /api/repos/:id/stats": () => repoCase(),
  "POST /api/repos/:id/snapshots": () => repoCase(),
  "POST /api/enrollment-tokens": async () => ({ body: tokenBody() }),
  "POST /api/enrollment-tokens/:id/regenerate": tokenCase,
  "DELETE /api/enrollment-tokens/:id": tokenCase,
  "POST /api/hosts/:id/enrollment-token": () => hostCase(),
  "POST /api/agents/enroll": async () => ({ body: await enrollBody() }),
  "POST /api/agents/announce": async () => {
    const { token: _token, agent_token_hash: _hash, ...machine } = await enrollBody();
    return { body: { ...machine, public_key: "A".repeat(43) } };
  },
  "POST /api/pending-hosts/:id/accept": () => announcedCase(tokenBody()),
  "POST /api/pending-hosts/:id/reject": () => announcedCase(),
  "POST /hosts/pending/:id": () => announcedCase({ ...hostForm, host_name: `host-${++made}` }),
  "POST /hosts/pending/:id/reject": () => announcedCase(),
  "POST /api/hosts/:id/restore-finished": () => pausedHost(),
  "POST /hosts/:id/restore-finished": () => pausedHost(),
  "POST /hosts/:id/tags": () => hostCase({ tags: "a, b" }),
  "POST /hosts/:id/replace": () => hostCase(),
  "POST /hosts/:id/re-enroll": () => hostCase(),
  "POST /settings/system/backup": async () => ({ body: {} }),
  "POST /settings/system/recovery-sheet": async () => ({ body: { current: PASSWORD, form: "page" } }),
  "POST /login": async () => ({ body: { username: "admin", password: PASSWORD } }),
  "POST /logout": async () => ({ body: {}, as: await guest() }),
  "POST /settings/account/password": async () => ({
    body: { current: PASSWORD, password: "plum harbour lantern 44", repeat: "plum harbour lantern 44" },
    as: await guest(),
  }),
  "POST /settings/account/sessions/:sid/end": async () => {
    const person = await guest();
    const [session] = listSessionsOfUser(app.db, person.userId, 0, 0);
    return { params: { sid: session?.id ?? "" }, body: {}, as: person };
  },
  "POST /setup/:token": setupCase,
  "POST /hosts/new": async () => ({ body: { ...hostForm, host_name: `host-${++made}` } }),
  "POST /hosts/new/:tid/regenerate": tokenCase,
  "POST /hosts/new/:tid/revoke": tokenCase,
  "POST /hosts/:id/sources/new": () => hostCase(groupForm),
  "POST /hosts/:id/sources/:gid": () => hostCase(groupForm),
  "POST /hosts/:id/sources/:gid/delete": secondGroup,
  "POST /hosts/:id/sources/:gid/confirm-retention": () => hostCase(),
  "POST /hosts/:id/sources/:gid/hooks": () => hostCase({ pre: "echo a secret of the test", post: "" }),
  "POST /hosts/:id/repos/:rid/credentials/everyday": () =>
    readyRepo({ url: "rest:http://vault:8000/x/", http_password: "new one" }, "rid"),
  "POST /hosts/:id/settings": async () => {
    const host = await newHost();
    return { params: { id: host.id }, body: { name: host.name, tags: "b, c" } };
  },
  "POST /hosts/:id/bandwidth": () => hostCase({ up_kbps: "100", down_kbps: "" }),
  "POST /hosts/:id/hooks": () => hostCase({ pre: "echo a secret of the test", post: "", hook_shell: "" }),
  "POST /hosts/:id/archive": async () => {
    const host = await newHost();
    return { params: { id: host.id }, body: { confirm: host.name } };
  },
  "POST /hosts/:id/purge": archived,
  "POST /jobs/:id/cancel": waitingJob,
  "POST /hosts/:id/sources/:gid/run": () => hostCase(),
  "POST /hosts/:id/repos/:rid/probe": () => hostCase(),
  "POST /hosts/:id/repos/:rid/unlock": () => hostCase(),
  "POST /hosts/:id/repos/:rid/stats": () => hostCase(),
};
/** Works once in a server's life; tests/e2e/main-job-browser.test.ts does it. */
const ONCE = ["POST /api/bootstrap"];

const keyOf = (route: Route) => `${route.method} ${route.path}`;
const rows = () =>
  app.db.$client
    .query<{ action: string; payload: string }, []>("SELECT action, payload FROM audit_log ORDER BY id")
    .all();

test("each change leaves one row", async () => {
  const writes = app.wired.routes.filter((route) => route.method !== "GET" && !ONCE.includes(keyOf(route)));
  expect(writes.map(keyOf).filter((key) => !CASES[key])).toEqual([]);
  for (const route of writes) {
    // Past the limits on how much may come from one address in a minute.
    app.clock.move(MINUTE_MS);
    const { params = {}, body, as = admin } = (await CASES[keyOf(route)]?.()) ?? { body: {} };
    const path = route.path.replace(/:([a-z_]+)/g, (_, name: string) => params[name] ?? name);
    const before = rows().length;
    const isForm = route.reads === "form";
    const answer = await app.request(path, {
      method: route.method,
      redirect: "manual",
      headers: {
        cookie: as.cookie,
        "x-csrf-token": as.csrf,
        "content-type": isForm ? "application/x-www-form-urlencoded" : "application/json",
      },
      body: isForm ? new URLSearchParams(body as Record<string, string>).toString() : JSON.stringify(body),
    });
    const text = await answer.text();
    expect(answer.status, `${keyOf(route)} ${text.slice(0, 300)}`).toBeLessThan(400);
    const added = rows().slice(before);
    expect(
      added.map((row) => row.action),
      keyOf(route),
    ).toEqual([route.action ?? ""]);
    expect(added[0]?.payload ?? "").not.toMatch(/password \d|repo password|http password|another one/);
  }
});
