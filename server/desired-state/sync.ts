/** Brings the desired state to the hosts: pushed on every change, again when not acknowledged, drift shown. */
import type { Db } from "../../db/open.ts";
import { findHost, raiseStateVersion, updateHost } from "../../db/queries/hosts.ts";
import { type Clock, MINUTE_MS, SECOND_MS } from "../../shared/clock.ts";
import type { Log } from "../../shared/log.ts";
import type { ToServerPayload } from "../../shared/protocol/to-server.ts";
import { MAX_DESIRED_STATE_BYTES } from "../../shared/protocol/version.ts";
import type { Connection, Hub } from "../agents/hub.ts";
import { Refusal } from "../http/errors.ts";
import type { FactBus } from "../runtime/facts.ts";
import { createIsolation } from "../runtime/isolated.ts";
import type { Tick } from "../runtime/ticker.ts";
import { type CompileDeps, compileDesiredState } from "./compile.ts";
import { isWholeRefused, locateErrors } from "./problems.ts";

const PUSH_AGAIN_AFTER_MS = MINUTE_MS;

export type StateSync = {
  /** Something that the host must know has changed: a new version, pushed at once. */
  changed(hostId: string): void;
  /** At connect: pushes when what the agent has applied is not what we want. */
  greet(connection: Connection): void;
  acknowledged(connection: Connection, ack: ToServerPayload<"state.ack">): void;
  ticks: readonly Tick[];
  dropHost(hostId: string): void;
};

export type StateSyncDeps = CompileDeps & { db: Db; clock: Clock; log: Log; hub: Hub; bus: FactBus };

export function createStateSync(deps: StateSyncDeps): StateSync {
  const { db, clock, log, hub, bus } = deps;
  const isolation = createIsolation({ task: "sending its desired state again", of: "host", clock, log });
  /** Pushed and not yet acknowledged: host → when. */
  const unacknowledged = new Map<string, number>();

  const push = (connection: Connection) => {
    const state = compileDesiredState(deps, connection.hostId);
    if (!state) return;
    unacknowledged.set(connection.hostId, clock.now());
    connection.send("state.set", state);
  };

  const setDrift = (hostId: string, isDrifting: boolean) => {
    const host = findHost(db, hostId);
    if (!host || (host.driftSince !== null) === isDrifting) return;
    updateHost(db, hostId, { driftSince: isDrifting ? clock.now() : null });
  };

  const repush = () => {
    const now = clock.now();
    for (const [hostId, pushedAt] of unacknowledged) {
      if (now - pushedAt < PUSH_AGAIN_AFTER_MS) continue;
      const connection = hub.find(hostId);
      if (connection) isolation.attempt(hostId, () => push(connection));
      else unacknowledged.delete(hostId);
    }
    isolation.conclude();
  };

  return {
    changed(hostId) {
      raiseStateVersion(db, hostId, clock.now());
      setDrift(hostId, true);
      const connection = hub.find(hostId);
      if (connection?.hello) push(connection);
      bus.tell("host.changed", { hostId });
    },
    greet(connection) {
      const { hello, hostId } = connection;
      if (!hello) return;
      const wanted = compileDesiredState(deps, hostId);
      const host = findHost(db, hostId);
      const isNews = host?.appliedStateDigest !== hello.applied_state_digest;
      if (isNews || host?.appliedStateVersion !== hello.applied_state_version) {
        updateHost(db, hostId, {
          appliedStateVersion: hello.applied_state_version,
          appliedStateDigest: hello.applied_state_digest,
        });
      }
      if (wanted && wanted.digest === hello.applied_state_digest) {
        setDrift(hostId, false);
        bus.tell("state.applied", { hostId });
        // Its acknowledgement never came, and with it what the host could not use: it is asked for again.
        if (isNews) push(connection);
        return;
      }
      setDrift(hostId, true);
      push(connection);
    },
    acknowledged(connection, ack) {
      const { hostId } = connection;
      const wanted = compileDesiredState(deps, hostId);
      if (!wanted) return;
      const isApplied = ack.digest === wanted.digest;
      const isRefused = !isApplied && isWholeRefused(ack.errors);
      updateHost(db, hostId, {
        // Without a digest nothing usable is kept there, whatever version an older agent names.
        appliedStateVersion: ack.digest === null ? null : ack.state_version,
        appliedStateDigest: ack.digest,
        // Errors of an older state count positions in what has changed since: the newer one's acknowledgement follows.
        ...(isApplied || isRefused ? { stateErrors: locateErrors(ack.errors, isApplied ? wanted : null) } : {}),
      });
      if (isApplied) {
        unacknowledged.delete(hostId);
        setDrift(hostId, false);
        if (ack.errors.length > 0)
          log.warn("an agent cannot use all of its settings", { host_id: hostId, problems: ack.errors.length });
        bus.tell("state.applied", { hostId });
        return;
      }
      // Of an older state, while a newer one is on its way; or refused as a whole: then it is pushed again by the tick.
      setDrift(hostId, true);
      if (isRefused)
        log.warn("an agent could not save its settings; they are sent again", {
          host_id: hostId,
          why: ack.errors[0]?.message ?? "",
        });
      bus.tell("host.changed", { hostId });
    },
    ticks: [{ name: "state", everyMs: 10 * SECOND_MS, run: repush }],
    dropHost: (hostId) => void unacknowledged.delete(hostId),
  };
}

/** Call inside the transaction of a change. @throws Refusal 413 when the whole would not fit into one message */
export function checkStateSize(deps: CompileDeps, hostId: string): void {
  const state = compileDesiredState(deps, hostId);
  const bytes = state ? Buffer.byteLength(JSON.stringify(state)) : 0;
  if (bytes <= MAX_DESIRED_STATE_BYTES) return;
  const message = `This host would have to know ${Math.ceil(bytes / 1024)} KiB of paths and patterns; ${MAX_DESIRED_STATE_BYTES / 1024} KiB is the most. Shorten the lists.`;
  throw new Refusal(413, "state_too_large", message);
}
