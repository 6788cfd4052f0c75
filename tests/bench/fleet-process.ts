// Program: runs the simulated agents that its parent names, in a separate process, and reports their state to it.
import type { Identity } from "../testbed/hosts.ts";
import { type FleetAgent, type Pace, startFleetAgent } from "./fleet-agent.ts";

/** From the parent: agents that shall connect, spread over the time given. */
export type StartAgents = { url: string; identities: Identity[]; pace: Pace; withinMs: number };
/** To the parent, several times a second. */
export type FleetReport = { online: number; drops: number; backups: number };

const REPORT_EVERY_MS = 100;
const agents: FleetAgent[] = [];

process.on("message", ({ url, identities, pace, withinMs }: StartAgents) => {
  const gap = withinMs / Math.max(1, identities.length);
  for (const [at, identity] of identities.entries())
    setTimeout(() => agents.push(startFleetAgent(url, identity, pace)), at * gap);
});
process.on("disconnect", () => process.exit(0));

setInterval(() => {
  const sum = (of: (agent: FleetAgent) => number) => agents.reduce((total, agent) => total + of(agent), 0);
  const report: FleetReport = {
    online: sum((agent) => (agent.isWelcome() ? 1 : 0)),
    drops: sum((agent) => agent.drops()),
    backups: sum((agent) => agent.backups()),
  };
  process.send?.(report);
}, REPORT_EVERY_MS);
