/** After any sequence of actions by people and agents, the dashboard and the list of hosts show what a full reload would show. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { findHost } from "../db/queries/hosts.ts";
import { listOpenJobs } from "../db/queries/jobs.ts";
import { listReposOfHost } from "../db/queries/repos.ts";
import { listSchedules } from "../db/queries/schedules.ts";
import { listSourceGroups } from "../db/queries/source-groups.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../shared/time/clock.ts";
import { type InsideSocket, type Person, signInAs, startApp, type TestApp } from "./testbed/app.ts";
import { enrollHost, jsonClient, type TestHost } from "./testbed/hosts.ts";
import { createRandom } from "./testbed/random.ts";
import { endOf, fieldsOf, helloOf } from "./testbed/simulated-agent.ts";
import { createCleanup } from "./testbed/temp.ts";

const START = Date.UTC(2026, 10, 20, 12);
/** Longer than anything is kept; a clock that goes so far back and forth makes the fleet be read anew twice. */
const ANEW_MS = 20_000;
const ROUNDS = 150;
/** The browser keeps these fresh. */
const FRESH_TIMES = /(<time [^>]*data-ago[^>]*>)[^<]*/g;

const cleanup = createCleanup();
let app: TestApp;
let admin: Person;
let viewer: Person;
beforeAll(async () => {
  app = await startApp(cleanup, "error", { now: () => START });
  admin = await signInAs(app, "admin");
  viewer = await signInAs(app, "viewer");
});
afterAll(cleanup.run);

type Shown = { html: string; tag: string };

async function poll(person: Person, before: Shown | null): Promise<Shown> {
  const headers = { cookie: person.cookie, "hx-request": "true", ...(before ? { "if-none-match": before.tag } : {}) };
  const answer = await app.request("/", { headers });
  if (answer.status === 304 && before) return before;
  return { html: (await answer.text()).replace(FRESH_TIMES, "$1"), tag: answer.headers.get("etag") ?? "" };
}

async function hosts(): Promise<unknown> {
  return (await jsonClient(app, viewer).call("GET", "/api/hosts?limit=200"))["items"];
}

async function anew<T>(read: () => Promise<T>): Promise<T> {
  app.clock.move(-ANEW_MS);
  await hosts();
  app.clock.move(ANEW_MS);
  return await read();
}

/** An agent that does nothing unless told. */
async function connect(host: TestHost) {
  const socket: InsideSocket = await app.connect("/ws/agent", { authorization: `Bearer ${host.identity.token}` });
  let seq = 0;
  const tell = (type: string, payload: unknown, isDurable = true) =>
    socket.send(JSON.stringify({ type, ts: app.clock.now(), ...(isDurable ? { seq: ++seq } : {}), payload }));
  tell("hello", helloOf(host.identity), false);
  return { tell, close: socket.close };
}

test("at once and to each person", async () => {
  const random = createRandom(11);
  const below = (n: number) => Math.floor(random() * n);
  const { ask } = jsonClient(app, admin);
  const all: TestHost[] = [];
  for (let at = 0; at < 6; at++) all.push(await enrollHost(app, admin, { backupNow: false }));
  const agents = new Map<string, Awaited<ReturnType<typeof connect>>>();
  let made = 0;

  const actions: ((host: TestHost) => Promise<unknown>)[] = [
    ({ id }) => ask("PATCH", `/api/hosts/${id}`, { name: `${"aBz"[below(3)]}-${++made}` }),
    ({ id }) => ask("PATCH", `/api/hosts/${id}`, { tags: [`tag-${below(5)}`] }),
    ({ id }) =>
      ask("PATCH", `/api/hosts/${id}`, { timezone_override: ["UTC", "Asia/Tokyo"][below(2)], roaming: random() < 0.5 }),
    ({ id }) => ask("PUT", `/api/hosts/${id}/bandwidth`, { up_kbps: 100 + below(9), down_kbps: null }),
    ({ id }) => ask("POST", `/api/hosts/${id}/source-groups`, { name: `group-${++made}`, includes: ["/opt"] }),
    ({ id, gid }) => ask("PUT", `/api/hosts/${id}/source-groups/${gid}`, { name: `first-${++made}` }),
    ({ id }) => ask("DELETE", `/api/hosts/${id}/source-groups/${listSourceGroups(app.db, id).at(-1)?.id}`),
    ({ id, gid }) => ask("POST", `/api/hosts/${id}/source-groups/${gid}/confirm-retention`, {}),
    ({ id, gid }) => ask("POST", `/api/hosts/${id}/source-groups/${gid}/run`, {}),
    ({ id }) =>
      ask("POST", `/api/hosts/${id}/schedules`, {
        cron: `${below(60)} 3 * * *`,
        source_group_ids: listSourceGroups(app.db, id).map((group) => group.id),
      }),
    ({ id }) =>
      ask("PUT", `/api/hosts/${id}/schedules/${listSchedules(app.db, id)[0]?.id}`, { enabled: random() < 0.5 }),
    ({ id }) => ask("DELETE", `/api/hosts/${id}/schedules/${listSchedules(app.db, id).at(-1)?.id}`),
    ({ id }) => ask("POST", `/api/hosts/${id}/repos`, { name: `repo-${++made}`, kind: "local", url: `/srv/${made}` }),
    ({ id }) =>
      ask("PATCH", `/api/repos/${listReposOfHost(app.db, id).at(-1)?.id}`, { name: `re-${++made}`, is_primary: true }),
    ({ id }) =>
      ask("DELETE", `/api/repos/${listReposOfHost(app.db, id).find((repo) => !repo.isPrimary)?.id}`, {
        confirm: findHost(app.db, id)?.name,
      }),
    ({ rid }) => ask("PUT", `/api/repos/${rid}/credentials/everyday`, { http_password: `another-${++made}` }),
    ({ rid }) => ask("PUT", `/api/repos/${rid}/maintenance`, { enabled: random() < 0.5 }),
    ({ rid }) => ask("POST", `/api/repos/${rid}/${["probe", "check", "forget", "stats"][below(4)]}`, {}),
    ({ id, rid }) => ask("POST", `/api/repos/${rid}/reinit`, { confirm: findHost(app.db, id)?.name }),
    ({ id }) => ask("POST", `/api/jobs/${listOpenJobs(app.db, id)[0]?.id}/cancel`, {}),
    async ({ id }) => (random() < 0.2 ? await ask("DELETE", `/api/hosts/${id}`, {}) : null),
    async ({ id }) => await ask("POST", `/api/hosts/${id}/purge`, { confirm: findHost(app.db, id)?.name }),
    async () => all.push(await enrollHost(app, admin, { backupNow: random() < 0.5 })),
    // The agents.
    async (host) => {
      if (findHost(app.db, host.id)?.archivedAt === null && !agents.has(host.id))
        agents.set(host.id, await connect(host));
    },
    async ({ id }) => {
      agents.get(id)?.close();
      agents.delete(id);
    },
    async ({ id, rid }) =>
      agents.get(id)?.tell("repo.status", {
        repo_id: rid,
        ...(random() < 0.4
          ? { status: "failed", status_code: "repo_missing", status_message: "gone", restic_id: null }
          : { status: "ready", status_code: null, status_message: null, restic_id: `id-${id}` }),
        format_version: null,
        append_only: "unknown",
        checked_at: app.clock.now(),
        locks: null,
      }),
    async ({ id }) => {
      const [job] = listOpenJobs(app.db, id).filter(({ kind }) => kind === "backup");
      const agent = agents.get(id);
      if (!job || !agent || job.repoId === null) return;
      const fields = {
        ...fieldsOf({
          job_id: job.id,
          kind: "probe",
          repo_id: job.repoId,
          actor_kind: "user",
          queued_at: START,
        } as never),
        kind: "backup" as const,
        source_group_id: job.sourceGroupId,
      };
      if (job.status === "queued" && random() < 0.5)
        agent.tell("job.started", { ...fields, started_at: app.clock.now(), restic_version: "0.19.1" });
      else
        agent.tell(
          "job.finished",
          endOf(fields, {
            started_at: app.clock.now() - 1000,
            finished_at: app.clock.now(),
            ...(random() < 0.5
              ? { warnings: below(2) }
              : { status: "failed", error_code: "restic_failed", error_message: "no", stats: null }),
          }),
        );
    },
    // Time: what it alone changes is seen within a minute.
    async () => app.clock.move(MINUTE_MS + below(8) * HOUR_MS),
    async () => (random() < 0.3 ? app.clock.move(DAY_MS) : null),
    async () => {
      await app.wired.ticks[below(app.wired.ticks.length)]?.run();
      app.clock.move(MINUTE_MS);
    },
  ];

  let [ofAdmin, ofViewer] = [await poll(admin, null), await poll(viewer, null)];
  for (let round = 0; round < ROUNDS; round++) {
    const which = below(actions.length);
    const host = all[below(all.length)];
    if (host) await actions[which]?.(host);
    // What agents tell is written down together, a moment later.
    await new Promise((resolve) => setTimeout(resolve, 2));
    const told = `round ${round}, action ${which}`;
    const listed = await hosts();
    [ofAdmin, ofViewer] = [await poll(admin, ofAdmin), await poll(viewer, ofViewer)];
    expect(listed, told).toEqual(await anew(hosts));
    expect(ofAdmin.html, told).toBe(await anew(async () => (await poll(admin, null)).html));
    expect(ofViewer.html, told).toBe(await anew(async () => (await poll(viewer, null)).html));
    expect(ofViewer.html).not.toContain(admin.csrf);
    expect(ofViewer.html).not.toContain(`/run"`);
  }
  for (const agent of agents.values()) agent.close();
}, 300_000);
