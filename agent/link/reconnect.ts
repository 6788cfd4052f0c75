/** How long to wait before reconnecting, by how the last connection ended. Pure. */
import { CLOSE } from "../../shared/protocol/version.ts";
import type { Timings } from "../timings.ts";

export type Ending = {
  /** WebSocket close code; 0 when there was none. */
  code: number;
  reason: string;
  /** `code` of an `error` that the server sent before it closed. */
  serverError: string | null;
  welcomed: boolean;
};

export type Retry = { failures: number };

export type NextTry = { delayMs: number; retry: Retry /** for the log and `status` */; sentence: string };

/** @param random 0 to 1 */
export function nextDelay(ending: Ending, retry: Retry, timings: Timings, random: () => number): NextTry {
  const between = ([from, to]: [number, number]) => from + random() * (to - from);
  const kept = (delayMs: number, sentence: string): NextTry => ({ delayMs, retry, sentence });
  switch (ending.code) {
    case CLOSE.rejected:
      return kept(timings.refusedMs, "The server rejected this machine");
    case CLOSE.protocol:
      if (ending.serverError === "protocol_too_old")
        return kept(timings.refusedMs, "The server no longer supports this agent version: update restic-manager-agent");
      break;
    case CLOSE.unauthorised:
      return kept(
        timings.refusedMs,
        ending.serverError === "revoked"
          ? "The server has revoked this host: it was archived or replaced. Enrol again, or uninstall the agent"
          : "The server does not recognise this agent's token: enrol again. Backups continue on their schedules",
      );
    case CLOSE.replaced:
      return kept(
        between(timings.replacedMs),
        "Another agent with this identity has connected: is this machine a clone?",
      );
    case CLOSE.cloned:
      return kept(
        timings.refusedMs,
        "This machine's identity belongs to another machine: enrol it again, or replace that host on the server",
      );
    case CLOSE.shuttingDown:
      return kept(between(timings.serverStoppingMs), "The server is restarting");
  }
  if (ending.serverError === "server_too_new")
    return kept(timings.refusedMs, `Cannot talk to this server: ${ending.reason}. Update restic-manager-agent`);
  const ceiling = Math.min(timings.reconnectMaxMs, timings.reconnectFirstMs * 2 ** retry.failures);
  const why = ending.reason || `closed with code ${ending.code}`;
  return {
    delayMs: random() * ceiling,
    retry: { failures: Math.min(retry.failures + 1, 30) },
    sentence: ending.welcomed ? `Lost the connection to the server: ${why}` : `Cannot reach the server: ${why}`,
  };
}
