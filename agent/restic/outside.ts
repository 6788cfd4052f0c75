/**
 * Work that the service's sandbox forbids (hooks, repositories on local disks) runs in a transient unit of its own,
 * bound to the agent's unit. Command and environment go by stdin to our own program: a unit's settings can be read by
 * every user of the machine.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { PLATFORM } from "../machine/platform.ts";
import { isWritable } from "../machine/sysinfo.ts";
import type { RepoAccess } from "./access.ts";

/** How to run one process in a unit of its own instead of below the agent. */
export type TransientUnit = {
  name: string;
  startWith: string[];
  signalWith(signal: string): string[];
  /** Stops a unit that has not started yet and takes no signal. */
  stopWith: string[];
  /** Prints the state of the agent's unit, to which this one is bound; null when it is not bound. */
  agentStateWith: string[] | null;
};

/** What the hidden command `run-outside` reads from its stdin. */
export type OutsideOrder = { command: string[]; env: Record<string, string> };

/** First line of its stderr: the process that does the work. */
export const OUTSIDE_PID = "restic-manager-outside-pid:";

export type Outside = {
  /** The agent's own unit does not let it write to the system. */
  sandboxed: boolean;
  /** Hooks and local repositories work here, inside or outside the sandbox. */
  possible: boolean;
  /** @param bound ends with the agent's unit. null: the process can run below the agent. */
  unit(id: string, bound?: boolean): TransientUnit | null;
  unitFor(access: RepoAccess, id: string): TransientUnit | null;
  /** Ends units that an agent left behind when it was killed; null when there can be none. */
  sweep: string[] | null;
};

type Options = { allowed: boolean; path: string; program: string; unitName?: string | null };

const UNIT_PREFIX = "restic-manager-job-";

export function createOutside({ allowed, path, program, unitName = ownUnit() }: Options): Outside {
  const sandboxed = unitName !== null && !isWritable("/usr");
  const systemdRun = Bun.which("systemd-run", { PATH: path });
  const systemctl = Bun.which("systemctl", { PATH: path });
  const usable = sandboxed && allowed && systemdRun !== null && systemctl !== null;

  function unit(id: string, bound = true): TransientUnit | null {
    if (!usable) return null;
    const name = `${UNIT_PREFIX}${id}.service`;
    // Bound, but without ordering: when the service stops, the agent and its jobs are signalled at the same time.
    const binding = bound ? [`--property=BindsTo=${unitName}`] : [];
    return {
      name,
      startWith: [
        ...[systemdRun, "--quiet", "--pipe", "--wait", "--collect", "--service-type=exec", `--unit=${name}`],
        ...[`--description=A job of the restic-manager agent`, ...binding, program, "run-outside"],
      ],
      stopWith: [systemctl, "stop", "--no-block", name],
      signalWith: (signal) => [systemctl, "kill", `--signal=${signal}`, name],
      agentStateWith: bound ? [systemctl, "show", "--property=ActiveState,Job", unitName] : null,
    };
  }

  return {
    sandboxed,
    possible: !sandboxed || usable,
    unit,
    unitFor: (access, id) => (access.kind === "local" && !isOpenTo(localFolder(access)) ? unit(id) : null),
    sweep: usable ? [systemctl, "stop", `${UNIT_PREFIX}*.service`] : null,
  };
}

function localFolder(access: RepoAccess): string {
  return access.credential.url.replace(/^local:/, "");
}

/** The sandbox has temporary folders of its own, so a repository in the machine's /tmp is not visible there. */
function isOpenTo(folder: string): boolean {
  if (/^\/(var\/)?tmp(\/|$)/.test(folder)) return false;
  let nearest = folder;
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  return isWritable(nearest);
}

/** The systemd unit in which this process runs, such as `restic-manager-agent.service`. */
export function ownUnit(cgroups = readCgroups()): string | null {
  if (PLATFORM.os !== "linux") return null;
  const line = cgroups.split("\n").find((one) => /^(0:|\d+:name=systemd):/.test(one));
  return /\/([^/]+\.service)(?:\/|$)/.exec(line ?? "")?.[1] ?? null;
}

function readCgroups(): string {
  try {
    return readFileSync("/proc/self/cgroup", "utf8");
  } catch {
    return "";
  }
}
