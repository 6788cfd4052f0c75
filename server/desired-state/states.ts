/** Compiles desired states for other features. An edit compiles its host's state only once, to check its size and to send it. */
import { findHost } from "../../db/queries/hosts.ts";
import type { DesiredState } from "../../shared/protocol/to-agent.ts";
import { MAX_DESIRED_STATE_BYTES } from "../../shared/protocol/version.ts";
import { Refusal } from "../http/errors.ts";
import { type CompileDeps, compileBody, compileDesiredState, type StateBody, withDigest } from "./compile.ts";

export type DesiredStates = {
  /** null for a host that no longer exists */
  compile(hostId: string): DesiredState | null;
  /** Call at the end of a change's transaction, after everything is written. @throws Refusal 413 when the state would not fit into one message */
  checkSize(hostId: string): void;
  /** Call after the change is committed. Like `compile`, but reuses the result of `checkSize`. */
  afterEdit(hostId: string): DesiredState | null;
};

/** Room for the version and the digest. */
const ENVELOPE_BYTES = 200;

export function createDesiredStates(deps: CompileDeps): DesiredStates {
  /** States of edits in progress. An edit runs without interruption, so anything left over was rolled back. */
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
  const message = `The settings of this host would be ${Math.ceil(bytes / 1024)} KiB, but the limit is ${MAX_DESIRED_STATE_BYTES / 1024} KiB. Shorten the lists of paths and patterns.`;
  return new Refusal(413, "state_too_large", message);
}
