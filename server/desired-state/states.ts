/** The desired states as others ask for them. An edit compiles its host's once: to check its size, and to send it. */
import { findHost } from "../../db/queries/hosts.ts";
import type { DesiredState } from "../../shared/protocol/to-agent.ts";
import { MAX_DESIRED_STATE_BYTES } from "../../shared/protocol/version.ts";
import { Refusal } from "../http/errors.ts";
import { type CompileDeps, compileBody, compileDesiredState, type StateBody, withDigest } from "./compile.ts";

export type DesiredStates = {
  /** null for a host that is gone */
  compile(hostId: string): DesiredState | null;
  /** Call last in the transaction of a change, after all that the host is to know is written. @throws Refusal 413 when the whole would not fit into one message */
  checkSize(hostId: string): void;
  /** Call when the change is committed. As `compile`, without doing again what `checkSize` has just done. */
  afterEdit(hostId: string): DesiredState | null;
};

/** Room for the version and the digest. */
const ENVELOPE_BYTES = 200;

export function createDesiredStates(deps: CompileDeps): DesiredStates {
  /** Of edits that are under way. An edit is one piece of work without a pause: what it leaves behind was rolled back. */
  const checked = new Map<string, StateBody>();
  const compile: DesiredStates["compile"] = (hostId) => compileDesiredState(deps, hostId);
  return {
    compile,
    checkSize(hostId) {
      const body = compileBody(deps, hostId);
      const bytes = body ? Buffer.byteLength(JSON.stringify(body)) + ENVELOPE_BYTES : 0;
      if (bytes > MAX_DESIRED_STATE_BYTES) throw tooLarge(bytes);
      if (!body) return;
      checked.set(hostId, body);
      queueMicrotask(() => checked.delete(hostId));
    },
    afterEdit(hostId) {
      const body = checked.get(hostId);
      checked.delete(hostId);
      const host = body && findHost(deps.db, hostId);
      return body && host ? withDigest(deps, host.stateVersion, body) : compile(hostId);
    },
  };
}

function tooLarge(bytes: number): Refusal {
  const message = `This host would have to know ${Math.ceil(bytes / 1024)} KiB of paths and patterns; ${MAX_DESIRED_STATE_BYTES / 1024} KiB is the most. Shorten the lists.`;
  return new Refusal(413, "state_too_large", message);
}
