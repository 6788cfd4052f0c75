/** Which version of the agent's systemd unit a host runs, as far as its agent says so; known while it is connected. */
import { type UnitLack, unitLacks } from "../../shared/unit.ts";
import type { Hub } from "../agents/hub.ts";

export type HostUnit = { version: number; lacks: UnitLack[] };

export function unitOf(hub: Hub, hostId: string): HostUnit | null {
  const version = hub.find(hostId)?.hello?.unit_version;
  return version === undefined ? null : { version, lacks: unitLacks(version) };
}
