/** The version of our systemd unit that runs this process. */
import { readFileSync } from "node:fs";
import { UNVERSIONED_UNIT } from "../../shared/unit.ts";

export const UNIT_NAME = "restic-manager-agent.service";
const VARIABLE = "RM_UNIT_VERSION";

/**
 * null when the process does not run under our unit, but by hand, in a container, or under a custom unit.
 * @param fromEnvironment the version in the unit; older units have none, and are recognised by the control group
 */
export function runningUnit(fromEnvironment: string | null, controlGroups = ownControlGroups()): number | null {
  const version = versionOf(fromEnvironment);
  if (version !== null) return version;
  const isOurs = controlGroups.split("\n").some((line) => line.endsWith(`/${UNIT_NAME}`));
  return isOurs ? UNVERSIONED_UNIT : null;
}

/** @param shown what `systemctl show --property=Environment` prints of our unit */
export function loadedUnit(shown: string): number {
  const found = new RegExp(`(?:^Environment=| )"?${VARIABLE}=(\\d+)`, "m").exec(shown)?.[1] ?? null;
  return versionOf(found) ?? UNVERSIONED_UNIT;
}

function versionOf(text: string | null): number | null {
  return text !== null && /^[1-9]\d{0,5}$/.test(text) ? Number(text) : null;
}

function ownControlGroups(): string {
  try {
    return readFileSync("/proc/self/cgroup", "utf8");
  } catch {
    return "";
  }
}
