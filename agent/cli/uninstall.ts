/** uninstall: removes the service, files and enrolment. Repositories stay as they are. */
import { existsSync, lstatSync, readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";
import { PLATFORM } from "../machine/platform.ts";
import { isAtOrBelow } from "../restic/source-files.ts";
import { readStatus } from "../state/status-file.ts";
import type { Command, Io } from "./command.ts";

const UNIT = "restic-manager-agent.service";
const UNIT_FILE = `/etc/systemd/system/${UNIT}`;
const LINK = "/usr/local/bin/restic-manager-agent";

export const uninstallCommand: Command = {
  name: "uninstall",
  summary: "Remove the agent, its service, files and enrolment; repositories stay untouched",
  flags: [{ name: "--yes", help: "do not ask for confirmation" }],
  async run(given, io) {
    if (!given.has("--yes") && process.stdin.isTTY && !asked(io)) {
      io.out("Nothing was removed");
      return 1;
    }
    // With moved folders, this is not the installation of the system's service.
    if (io.environment.standardFolders) removeService(io);
    const running = readStatus(io.environment.stateFolder);
    if (running) {
      io.err(`The agent is still running (process ${running.pid}): stop it first`);
      return 1;
    }
    removeFiles(io);
    io.out("Removed. The repositories and their backups are untouched");
    io.out("Archive this host on the server: it does not know that the agent is gone");
    return 0;
  },
};

function asked(io: Io): boolean {
  io.out("This removes the agent, its configuration and its credentials from this machine.");
  io.out("Backups in the repositories stay. Only the server has their passwords.");
  return prompt("Type yes to continue:")?.trim() === "yes";
}

function removeService(io: Io): void {
  if (PLATFORM.os === "windows" || !existsSync(UNIT_FILE)) return;
  const systemctl = Bun.which("systemctl", { PATH: io.environment.childBase.PATH ?? "/usr/bin:/bin" });
  if (systemctl) Bun.spawnSync([systemctl, "disable", "--now", UNIT]);
  rmSync(UNIT_FILE, { force: true });
  if (systemctl) Bun.spawnSync([systemctl, "daemon-reload"]);
  io.out(`Service ${UNIT} removed`);
}

function removeFiles(io: Io): void {
  const { configFolder, stateFolder, cacheFolder, binFolder, standardFolders } = io.environment;
  const programs = standardFolders && PLATFORM.os === "windows" ? [] : [binFolder];
  for (const folder of [...programs, cacheFolder, stateFolder, configFolder]) {
    if (!existsSync(folder)) continue;
    rmSync(folder, { recursive: true, force: true });
    io.out(`${folder} removed`);
  }
  if (standardFolders && pointsInto(LINK, join(stateFolder, "bin"))) {
    rmSync(LINK, { force: true });
    io.out(`${LINK} removed`);
  }
  if (PLATFORM.os === "windows") io.out(`Delete ${binFolder} by hand: a running program cannot delete itself`);
}

function pointsInto(link: string, folder: string): boolean {
  try {
    return lstatSync(link).isSymbolicLink() && isAtOrBelow(readlinkSync(link), folder);
  } catch {
    return false;
  }
}
