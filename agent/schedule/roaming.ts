/** Reasons not to back up a travelling machine now: low battery, or a metered network. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PLATFORM } from "../machine/platform.ts";
import type { RoamingObstacle } from "./scheduler.ts";

/** Below this percentage, no backup starts on battery. */
const LEAST_BATTERY = 30;
const ASK_WITHIN_MS = 2000;
const NETWORK_MANAGER = "org.freedesktop.NetworkManager";

/** Asks the system; what it does not say is no obstacle. @param path `PATH` for programs of the system */
export function roamingObstacle(path: string): RoamingObstacle | null {
  if (PLATFORM.os !== "linux") return null;
  if (isBatteryLow()) return "battery_low";
  return isMetered(path) ? "metered_network" : null;
}

/** On battery, and the fullest battery is below the limit. */
export function isBatteryLow(powerSupplies = "/sys/class/power_supply"): boolean {
  if (!existsSync(powerSupplies)) return false;
  const supplies = readdirSync(powerSupplies).map((name) => {
    const read = (file: string) => readQuietly(join(powerSupplies, name, file));
    return { type: read("type"), scope: read("scope"), online: read("online"), capacity: read("capacity") };
  });
  if (supplies.some(({ type, online }) => type !== "Battery" && online === "1")) return false;
  // Mice and headsets have batteries too, with the scope "Device".
  const charges = supplies
    .filter(({ type, scope, capacity }) => type === "Battery" && scope !== "Device" && capacity !== null)
    .map(({ capacity }) => Number(capacity));
  return charges.length > 0 && Math.max(...charges) < LEAST_BATTERY;
}

/** NetworkManager's own verdict: 1 is yes, 3 a guessed yes. */
function isMetered(path: string): boolean {
  const busctl = Bun.which("busctl", { PATH: path });
  if (busctl === null) return false;
  const asked = Bun.spawnSync(
    [
      busctl,
      "--system",
      "get-property",
      NETWORK_MANAGER,
      "/org/freedesktop/NetworkManager",
      NETWORK_MANAGER,
      "Metered",
    ],
    { stdout: "pipe", stderr: "ignore", timeout: ASK_WITHIN_MS, env: { PATH: path } },
  );
  return /^u [13]\s*$/.test(asked.stdout.toString());
}

function readQuietly(file: string): string | null {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return null;
  }
}
