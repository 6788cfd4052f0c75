// A complete control plane for a test: server with a signed-in admin, append-only rest-server, and hosts added through REST.
import { join } from "node:path";
import { type CommandResult, runCommand } from "./command.ts";
import { ensureDist } from "./dist.ts";
import { type RestServer, startRestServer } from "./rest-server.ts";
import { type Client, type ServerProcess, signIn, startServer } from "./server.ts";
import type { Cleanup } from "./temp.ts";
import { ensureTool } from "./tools.ts";
import { until } from "./wait.ts";

export type AddedHost = {
  name: string;
  token: string;
  repoUrl: string;
  repoPassword: string;
  /** Runs the newest restic against the host's repository, without the product. */
  restic(...args: string[]): Promise<CommandResult>;
};

type HostRow = {
  in_sync: boolean;
  id: string;
  name: string;
  status: string;
  os: string;
  arch: string;
};
type JobRow = { id: string; kind: string; status: string; warnings: number };
type Items<T> = { items: T[]; total: number };

export type ControlPlane = {
  server: ServerProcess;
  client: Client;
  rest: RestServer;
  /** Makes an enrolment token with a repository on the rest-server, whose user exists already. */
  addHost(options: { name: string; includes: string[]; backupNow?: boolean }): Promise<AddedHost>;
  /** The host's row as REST gives it; null until the machine has enrolled. */
  host(name: string): Promise<HostRow | null>;
  /** Waits until the host's newest backup job has ended, and returns that job. At least `count` backups must exist. */
  finishedBackup(name: string, options?: { count?: number; timeoutMs?: number }): Promise<JobRow>;
};

/** Starts everything on loopback; `cleanup` takes it down. */
export async function startControlPlane(cleanup: Cleanup, platforms?: readonly string[]): Promise<ControlPlane> {
  const dist = await ensureDist(platforms ? { platforms } : {});
  const restic = await ensureTool("restic-0.19");
  const rest = await startRestServer({ root: await cleanup.tempFolder(), appendOnly: true });
  cleanup.add(rest.close);
  const env = { RM_DIST_DIR: dist.folder };
  const server = await startServer({ dataDir: join(await cleanup.tempFolder(), "data"), env });
  cleanup.add(server.stop);
  const client = await signIn(server);
  const cacheFolder = await cleanup.tempFolder();

  const host: ControlPlane["host"] = async (name) => {
    const { items } = await client.get<Items<HostRow>>(`/api/hosts?q=${encodeURIComponent(name)}`);
    return items.find((item) => item.name === name) ?? null;
  };

  return {
    server,
    client,
    rest,
    host,
    addHost: async ({ name, includes, backupNow = true }) => {
      const httpPassword = `http of ${name} ${crypto.randomUUID()}`;
      const repoPassword = `repo of ${name} ${crypto.randomUUID()}`;
      const repoUrl = rest.url(name, "main");
      await rest.addUser(name, httpPassword);
      const { token } = await client.post<{ token: string }>("/api/enrollment-tokens", {
        host_name: name,
        tags: [],
        includes,
        backup_now: backupNow,
        repo: {
          kind: "rest",
          url: repoUrl,
          http_username: name,
          http_password: httpPassword,
          repo_password: repoPassword,
        },
      });
      const env = {
        RESTIC_PASSWORD: repoPassword,
        RESTIC_REST_USERNAME: name,
        RESTIC_REST_PASSWORD: httpPassword,
        RESTIC_CACHE_DIR: join(cacheFolder, name),
      };
      return {
        name,
        token,
        repoUrl,
        repoPassword,
        restic: (...args) => runCommand([restic, "--repo", repoUrl, ...args], { env }),
      };
    },
    finishedBackup: (name, { count = 1, timeoutMs = 60_000 } = {}) =>
      until(
        async () => {
          const row = await host(name);
          if (!row) return null;
          const { items } = await client.get<Items<JobRow>>(`/api/jobs?host_id=${row.id}&kind=backup`);
          const [newest] = items;
          const isEnded = newest && ["succeeded", "failed", "cancelled"].includes(newest.status);
          return isEnded && items.length >= count ? newest : null;
        },
        { timeoutMs, everyMs: 200, what: `the end of backup ${count} of ${name}` },
      ),
  };
}
