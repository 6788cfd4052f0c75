/** Repositories on two real REST servers, one append-only and one that allows deletes, each with an agent that has its everyday credential. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { digestOfIds } from "../../shared/forget-plan.ts";
import { newId } from "../../shared/ids.ts";
import type { Credential } from "../../shared/protocol/fields.ts";
import type { DesiredState, ForgetGroup } from "../../shared/protocol/to-agent.ts";
import { readTime } from "../../shared/restic/time.ts";
import { keptBy, type Retention } from "../../shared/retention.ts";
import { runCommand } from "../../tests/testbed/command.ts";
import { copyRepoTemplate, TEMPLATE_PASSWORD } from "../../tests/testbed/repo-template.ts";
import { startRestServer } from "../../tests/testbed/rest-server.ts";
import type { Cleanup } from "../../tests/testbed/temp.ts";
import { ensureTools } from "../../tests/testbed/tools.ts";
import type { Timings } from "../timings.ts";
import { startFakeServer } from "./fake-server.ts";
import { agentFixture, desiredState, order, type StateParts } from "./fixture.ts";

export const ADMIN_SECRET = "admin marker w0rd 4f2c";

type CliSnapshot = { id: string; hostname: string; tags: string[]; time: string };
type SceneOptions = {
  group?: StateParts["group"];
  state?: Partial<DesiredState>;
  timings?: Partial<Timings>;
  /** The repository's folder itself instead of its server's address. */
  local?: boolean;
};

/** Call once, in `beforeAll`. */
export async function openRepoScenes(cleanup: Cleanup) {
  const tools = await ensureTools(["restic-0.18", "restic-0.19", "rest-server"]);
  const root = await cleanup.tempFolder();
  const everyday = await startRestServer({ root, appendOnly: true });
  const deleting = await startRestServer({ root, appendOnly: false });
  cleanup.add(async () => {
    await everyday.close();
    await deleting.close();
  });
  return { tools, scene };

  /** `save` makes snapshots as restic would, by the clock of a zone. */
  async function scene(
    version: "restic-0.18" | "restic-0.19",
    { group = {}, state = {}, timings = {}, local = false }: SceneOptions = {},
  ) {
    const restic = tools[version];
    const folder = await cleanup.tempFolder();
    const user = `u${newId().slice(-8)}`;
    const path = join(root, user, "r");
    const copy = await copyRepoTemplate(path);
    await everyday.addUser(user, ADMIN_SECRET);
    const base = { http_username: user, http_password: ADMIN_SECRET, repo_password: TEMPLATE_PASSWORD, env: {} };
    const remote: Credential = { ...base, url: everyday.url(user, "r") };
    const credential = local ? { ...base, url: path, http_username: null, http_password: null } : remote;
    const admin: Credential = { ...base, url: deleting.url(user, "r") };
    const server = startFakeServer();
    cleanup.add(() => server.stop());
    const fixture = agentFixture(folder, server.url, restic);
    const agent = await fixture.start(timings);
    cleanup.add(() => agent.stop());
    await server.wait("hello");
    const repoId = newId();
    const source = join(folder, "source");
    mkdirSync(source);
    const groupId = newId();
    const parts = { id: groupId, includes: [source], ...group };
    server.send("state.set", { ...desiredState({ repoId, credential, group: parts }), ...state });
    await server.wait("state.ack");
    const cli = (args: string[], zone = "UTC") =>
      runCommand([restic, "--repo", path, "--no-cache", ...args], { env: { ...copy.env, TZ: zone } });
    const snapshots = async (): Promise<CliSnapshot[]> =>
      JSON.parse((await cli(["snapshots", "--json", "--no-lock"])).stdout) as CliSnapshot[];
    return {
      folder,
      path,
      restic,
      source,
      groupId,
      repoId,
      resticId: copy.resticId,
      credential,
      admin,
      server,
      fixture,
      cli,
      snapshots,
      async save(host: string, tag: string, time: string, zone = "UTC") {
        writeFileSync(join(source, "data"), crypto.getRandomValues(new Uint8Array(50_000)));
        const made = await cli(["backup", "--host", host, "--tag", tag, "--time", time, source], zone);
        if (made.code !== 0) throw new Error(made.stderr);
      },
      /** The plan of a server that knows the current snapshots. */
      async plan(tag: string, host: string, retention: Retention = { keep_last: 1 }): Promise<ForgetGroup> {
        const rows = (await snapshots()).filter((one) => one.hostname === host && one.tags.includes(tag));
        const dated = rows.flatMap(({ id, time }) => {
          const read = readTime(time);
          return read === null ? [] : [{ id, ...read }];
        });
        const kept = new Set(keptBy(retention, dated, Date.now()).map(({ snapshot }) => snapshot.id));
        return {
          source_group_id: newId(),
          tag,
          host,
          retention,
          known: digestOfIds(dated.map(({ id }) => id)),
          remove: dated.flatMap(({ id }) => (kept.has(id) ? [] : [id])),
          is_partial: false,
        };
      },
      forget: (groups: ForgetGroup[], with_: Credential = admin, replans_left = 1) =>
        order("forget", repoId, { restic_id: copy.resticId, groups, replans_left }, { credential: with_ }),
      async done(command: ReturnType<typeof order>) {
        server.send("command.run", command);
        return (await server.wait("job.finished", (one) => one.payload.job_id === command.job_id, 60_000)).payload;
      },
      log: (jobId: string) =>
        server
          .list("log.stream")
          .filter((one) => one.payload.job_id === jobId)
          .flatMap((one) => one.payload.lines.map((line) => line.payload))
          .join("\n"),
    };
  }
}

export type RepoScenes = Awaited<ReturnType<typeof openRepoScenes>>;
export type RepoScene = Awaited<ReturnType<RepoScenes["scene"]>>;
