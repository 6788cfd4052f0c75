// A booted Debian 12 with systemd, in a container on the host's network, for tests of the installer and the unit.
import { existsSync } from "node:fs";
import { cp, mkdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type CommandResult, mustRun, runCommand } from "./command.ts";
import { tempFolder } from "./temp.ts";
import { ensureTool, prefixEnvironment } from "./tools.ts";
import { until } from "./wait.ts";

export type Container = {
  name: string;
  /** The root folder, as seen from outside. */
  root: string;
  /** Runs a shell script inside as root, with a clean environment plus `env`. */
  exec(script: string, options?: { env?: Record<string, string>; timeoutMs?: number }): Promise<CommandResult>;
  /** As exec, but a failing script is an error; returns stdout. */
  must(script: string, options?: { env?: Record<string, string>; timeoutMs?: number }): Promise<string>;
  /** Copies a file or folder of this machine to an absolute path inside, making its parents. */
  copyIn(source: string, target: string): Promise<void>;
  /** Ends the container and removes its root. */
  stop(): Promise<void>;
} & AsyncDisposable;

const HIERARCHIES = ["systemd", "unified"].map((name) => `/sys/fs/cgroup/${name}`);
const CLEAN_ENVIRONMENT = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/root",
  TERM: "dumb",
};

/** Why containers cannot run on this machine, or null when they can. */
export function containerObstacle(): string | null {
  if (process.getuid?.() !== 0) return "containers need root";
  if (existsSync("/.dockerenv") && !existsSync("/sys/fs/cgroup/cgroup.procs") && !hybridCgroups())
    return "this container may not make control groups";
  return null;
}

/** Boots a fresh container and waits until systemd is up. @throws when it does not come up, with its console. */
export async function bootContainer(
  image: "debian-root" | "debian-root-databases" = "debian-root",
): Promise<Container> {
  const tar = await ensureTool(image);
  const nspawn = await ensureTool("systemd-container");
  const folder = await tempFolder("rm-container-");
  const name = basename(folder.path).toLowerCase();
  const root = join(folder.path, "root");
  await mkdir(root);
  await mustRun(["tar", "--zstd", "-xpf", tar, "-C", root]);
  await writeFile(join(root, "etc/machine-id"), "");
  await writeFile(join(root, "etc/hostname"), `${name}\n`);
  const consoleFile = join(folder.path, "console");
  const groups = await makeGroups(name);
  const child = Bun.spawn(["sh", "-c", joinGroups(groups), "sh", ...nspawnCommand(nspawn, root, name)], {
    env: nspawnEnvironment(nspawn),
    stdin: "ignore",
    stdout: Bun.file(consoleFile),
    stderr: Bun.file(consoleFile),
  });

  async function stop(): Promise<void> {
    child.kill("SIGTERM");
    const killer = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await child.exited;
    clearTimeout(killer);
    for (const group of groups) await removeGroup(group);
    await folder[Symbol.asyncDispose]();
  }

  let leader = 0;
  const exec: Container["exec"] = (script, options = {}) => {
    const variables = Object.entries({ ...CLEAN_ENVIRONMENT, ...options.env }).map(([key, value]) => `${key}=${value}`);
    return runCommand(["nsenter", "--target", String(leader), "--all", "env", "-i", ...variables, "sh", "-c", script], {
      timeoutMs: options.timeoutMs ?? 60_000,
    });
  };

  try {
    leader = await until(() => systemdBelow(child.pid), { timeoutMs: 60_000, what: "systemd in the container" });
    await until(async () => /^(running|degraded)/.test((await exec("systemctl is-system-running")).stdout), {
      timeoutMs: 120_000,
      what: "the booted container",
    });
  } catch (error) {
    const said = await readFile(consoleFile, "utf8");
    await stop();
    throw new Error(`${error instanceof Error ? error.message : error}\n${said.slice(-2_000)}`);
  }

  return {
    name,
    root,
    exec,
    must: async (script, options) => {
      const result = await exec(script, options);
      if (result.code !== 0)
        throw new Error(`${script}\nended with ${result.code}\n${result.stdout}\n${result.stderr}`);
      return result.stdout;
    },
    copyIn: async (source, target) => {
      await mkdir(dirname(join(root, target)), { recursive: true });
      await cp(source, join(root, target), { recursive: true });
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function nspawnCommand(nspawn: string, root: string, name: string): string[] {
  return [
    ...[nspawn, "--directory", root, `--machine=${name}`, "--boot", "--register=no", "--keep-unit"],
    ...["--console=pipe", "--link-journal=no", "--resolv-conf=off", "--timezone=off"],
  ];
}

/** nspawn wants the libsystemd of its own version: the machine's when it has it, else the one unpacked with it. */
function nspawnEnvironment(nspawn: string): Record<string, string> {
  return {
    ...(process.env as Record<string, string>),
    ...prefixEnvironment(nspawn.replace("/usr/bin/systemd-nspawn", "")),
  };
}

function hybridCgroups(): boolean {
  return HIERARCHIES.every((folder) => existsSync(folder));
}

/** Own control groups, so that two containers do not share one; none where systemd itself looks after that. */
async function makeGroups(name: string): Promise<string[]> {
  if (!hybridCgroups()) return [];
  const groups = HIERARCHIES.map((folder) => join(folder, `rm-${name}`));
  for (const group of groups) await mkdir(group, { recursive: true });
  return groups;
}

function joinGroups(groups: string[]): string {
  return [...groups.map((group) => `echo $$ > ${group}/cgroup.procs`), 'exec "$@"'].join("\n");
}

async function removeGroup(group: string): Promise<void> {
  const { stdout } = await runCommand(["find", group, "-depth", "-type", "d"]);
  for (const folder of stdout.split("\n").filter(Boolean)) await rmdir(folder).catch(() => undefined);
}

async function systemdBelow(pid: number): Promise<number | null> {
  for (const child of await childrenOf(pid)) {
    if ((await readFile(`/proc/${child}/comm`, "utf8")).trim() === "systemd") return child;
  }
  return null;
}

async function childrenOf(pid: number): Promise<number[]> {
  const list = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return list.trim().split(" ").filter(Boolean).map(Number);
}
