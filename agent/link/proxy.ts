/** Which proxy to use for an address, if any. */
import type { AgentEnvironment } from "../config.ts";

/** @returns the proxy's URL, or null to connect directly. */
export function proxyFor(target: string, proxy: AgentEnvironment["proxy"]): string | null {
  const { protocol, hostname } = new URL(target);
  const secure = protocol === "https:" || protocol === "wss:";
  const chosen = secure ? proxy.https : proxy.http;
  if (!chosen || proxy.none.some((rule) => matches(rule, hostname))) return null;
  return chosen.includes("://") ? chosen : `http://${chosen}`;
}

function matches(rule: string, hostname: string): boolean {
  if (rule === "*") return true;
  const name = rule
    .replace(/:\d+$/, "")
    .replace(/^\*?\./, "")
    .toLowerCase();
  const host = hostname.toLowerCase();
  return host === name || host.endsWith(`.${name}`);
}
