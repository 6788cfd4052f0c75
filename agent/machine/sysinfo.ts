/** What the agent reports about its machine. */
import { accessSync, constants, existsSync, readdirSync, readFileSync, realpathSync, statfsSync } from "node:fs";
import { hostname, loadavg, uptime } from "node:os";
import { join } from "node:path";
import { newId } from "../../shared/ids.ts";
import { clip } from "../words.ts";
import { PLATFORM } from "./platform.ts";
import { knowsZone } from "./zoneinfo.ts";

export function hostName(): string {
  return clip(hostname(), 255);
}

/** `problem`: why `TZ` is not valid, in words. */
export type MachineZone = { name: string; problem: string | null };

/**
 * The machine's zone, as `Europe/Berlin`. `Intl` knows it too, but keeps 6 MB of the executable in memory.
 * @param fromEnvironment the value of `TZ`: a zone, or something that only the C library understands.
 */
export function machineZone(fromEnvironment: string | null): MachineZone {
  const wanted = zoneOfVariable(fromEnvironment);
  if (wanted !== null && knowsZone(wanted)) return { name: wanted, problem: null };
  const name = systemZone();
  if (wanted === null) return { name, problem: null };
  return { name, problem: `TZ=${fromEnvironment} is not a time zone that this machine knows; using ${name}` };
}

export function timeZone(fromEnvironment: string | null): string {
  return machineZone(fromEnvironment).name;
}

/** The C library accepts a name, a name after a colon, or a zone's file. null when nothing is set. */
function zoneOfVariable(value: string | null): string | null {
  const text = value?.trim().replace(/^:/, "") ?? "";
  if (text === "") return null;
  return ZONE_FILE.exec(text)?.[1] ?? text;
}

function systemZone(): string {
  if (PLATFORM.os === "linux") {
    const found = [linkedZone("/etc/localtime"), readQuietly("/etc/timezone")?.trim()];
    const zone = found.find((name) => name && knowsZone(name));
    if (zone) return zone;
  }
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

const ZONE_FILE = /zoneinfo\/(?:posix\/|right\/)?(.+)$/;

function linkedZone(link: string): string | null {
  try {
    return ZONE_FILE.exec(realpathSync(link))?.[1] ?? null;
  } catch {
    return null;
  }
}

/**
 * Identifies this machine: the system's own id, else one that we create and the caller stores.
 * It is not secret, but should not be published either.
 */
export function machineId(): string {
  const found = PLATFORM.os === "windows" ? windowsMachineGuid() : linuxMachineId();
  return found ?? `generated-${newId()}`;
}

function linuxMachineId(): string | null {
  for (const path of ["/etc/machine-id", "/var/lib/dbus/machine-id"]) {
    const text = readQuietly(path)?.trim();
    if (text && /^[0-9a-f]{32}$/.test(text)) return text;
  }
  return null;
}

function windowsMachineGuid(): string | null {
  const key = "HKLM\\SOFTWARE\\Microsoft\\Cryptography";
  return /MachineGuid\s+REG_SZ\s+(\S+)/.exec(registryQuery(key, "MachineGuid"))?.[1] ?? null;
}

function registryQuery(key: string, value: string): string {
  try {
    const result = Bun.spawnSync(["reg", "query", key, "/v", value, "/reg:64"], { windowsHide: true });
    return result.stdout.toString();
  } catch {
    return "";
  }
}

/** Laptops and Windows clients are expected to be away at times. */
export function looksRoaming(powerSupplies = "/sys/class/power_supply"): boolean {
  if (PLATFORM.os === "windows") {
    const key = "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion";
    return /REG_SZ\s+Client/.test(registryQuery(key, "InstallationType"));
  }
  if (!existsSync(powerSupplies)) return false;
  return readdirSync(powerSupplies).some((name) => {
    const type = readQuietly(join(powerSupplies, name, "type"))?.trim();
    // Mice and headsets have batteries too, with the scope "Device".
    return type === "Battery" && readQuietly(join(powerSupplies, name, "scope"))?.trim() !== "Device";
  });
}

export type Vitals = { load: number; uptime_s: number; free_bytes_state: number | null };

export function vitals(stateFolder: string): Vitals {
  return {
    load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
    uptime_s: Math.floor(uptime()),
    free_bytes_state: freeBytes(stateFolder),
  };
}

/** Bytes that the agent may still write there; null when the system does not say. */
export function freeBytes(folder: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}

export function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function readQuietly(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
