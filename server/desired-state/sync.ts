/** Sends the desired state to hosts: on every change, and again until it is acknowledged. Tracks drift. */
import type { Db } from "../../db/open.ts";
import { findHost, raiseStateVersion, updateHost } from "../../db/queries/hosts.ts";
import type { Log } from "../../shared/log.ts";
import type { DesiredState } from "../../shared/protocol/to-agent.ts";
import type { ToServerPayload } from "../../shared/protocol/to-server.ts";
import { type Clock, MINUTE_MS, SECOND_MS } from "../../shared/time/clock.ts";
import type { Connection, Hello, Hub } from "../agents/hub.ts";
import { UNMADE_STATE } from "../hosts/problems.ts";
import { Refusal } from "../http/errors.ts";
import type { FactBus } from "../runtime/facts.ts";
import { createIsolation } from "../runtime/isolated.ts";
import type { Tick } from "../runtime/ticker.ts";
import { isWholeRefused, locateErrors } from "./problems.ts";
import type { DesiredStates } from "./states.ts";

const PUSH_AGAIN_AFTER_MS = MINUTE_MS;

export type StateSync = {
  /** Something that the host must know has changed: raises the version and sends the state at once. */
  changed(hostId: string): void;
  /** On connect: sends the state when the agent has applied a different one. */
  onConnected(connection: Connection, hello: Hello): void;
  acknowledged(connection: Connection, ack: ToServerPayload<"state.ack">): void;
  ticks: readonly Tick[];
  dropHost(hostId: string): void;
};

export type StateSyncDeps = { db: Db; clock: Clock; log: Log; hub: Hub; bus: FactBus; states: DesiredStates };

/** The last state sent on a host's connection. It is kept until it is acknowledged. */
type Pushed = { digest: string; at: number; state: DesiredState | null };

export function createStateSync({ db, clock, log, hub, bus, states }: StateSyncDeps): StateSync {
  const isolation = createIsolation({ task: "resend the desired state", of: "host", clock, log });
  const pushed = new Map<string, Pushed>();

  const push = (connection: Connection, state: DesiredState | null) => {
    if (!state) return;
    pushed.set(connection.hostId, { digest: state.digest, at: clock.now(), state });
    connection.send("state.set", state);
  };

  /** Also null while one of its secrets cannot be decrypted. The host then stays connected with its current settings, and its page says why. */
  const wantedBy = (hostId: string, make = states.compile): DesiredState | null => {
    try {
      return make(hostId);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      log.error("the settings of a host could not be built; it keeps its current ones", {
        host_id: hostId,
        why: error.message,
      });
      updateHost(db, hostId, { stateErrors: [{ path: UNMADE_STATE, message: error.message }] });
      return null;
    }
  };

  /** Only needed to locate errors. */
  const acknowledgedState = (hostId: string, { errors }: ToServerPayload<"state.ack">): DesiredState | null =>
    errors.length === 0 ? null : (pushed.get(hostId)?.state ?? wantedBy(hostId));

  const setDrift = (hostId: string, isDrifting: boolean) => {
    const host = findHost(db, hostId);
    if (!host || (host.driftSince !== null) === isDrifting) return;
    updateHost(db, hostId, { driftSince: isDrifting ? clock.now() : null });
  };

  const repush = () => {
    const now = clock.now();
    for (const [hostId, { at, state }] of pushed) {
      if (state === null || now - at < PUSH_AGAIN_AFTER_MS) continue;
      const connection = hub.find(hostId);
      if (connection) isolation.attempt(hostId, () => push(connection, wantedBy(hostId)));
      else pushed.delete(hostId);
    }
    isolation.conclude();
  };

  return {
    changed(hostId) {
      raiseStateVersion(db, hostId, clock.now());
      setDrift(hostId, true);
      const connection = hub.find(hostId);
      if (connection?.hello) push(connection, wantedBy(hostId, states.afterEdit));
      bus.publish("host.changed", { hostId });
    },
    onConnected(connection, hello) {
      const { hostId } = connection;
      const wanted = wantedBy(hostId);
      const host = findHost(db, hostId);
      const wasUnmade = host?.stateErrors.some(({ path }) => path === UNMADE_STATE) ?? false;
      const isNews = host?.appliedStateDigest !== hello.applied_state_digest;
      if (isNews || host?.appliedStateVersion !== hello.applied_state_version) {
        updateHost(db, hostId, {
          appliedStateVersion: hello.applied_state_version,
          appliedStateDigest: hello.applied_state_digest,
        });
      }
      if (wanted && wanted.digest === hello.applied_state_digest) {
        setDrift(hostId, false);
        bus.publish("state.applied", { hostId });
        // The acknowledgement never arrived or was lost, and with it the host's errors, so the state is sent again.
        if (isNews || wasUnmade) push(connection, wanted);
        return;
      }
      setDrift(hostId, true);
      push(connection, wanted);
    },
    acknowledged(connection, ack) {
      const { hostId } = connection;
      // Every change is sent while a host is connected, so the last state sent is the wanted one.
      const last = pushed.get(hostId) ?? wantedBy(hostId);
      if (!last) return;
      const isApplied = ack.digest === last.digest;
      const isRefused = !isApplied && isWholeRefused(ack.errors);
      updateHost(db, hostId, {
        // Without a digest the host has saved nothing usable, whatever version an older agent reports.
        appliedStateVersion: ack.digest === null ? null : ack.state_version,
        appliedStateDigest: ack.digest,
        // Errors of an older state count positions in lists that have changed. The newer acknowledgement will follow.
        ...(isApplied || isRefused
          ? { stateErrors: locateErrors(ack.errors, isApplied ? acknowledgedState(hostId, ack) : null) }
          : {}),
      });
      if (isApplied) {
        pushed.set(hostId, { digest: last.digest, at: clock.now(), state: null });
        setDrift(hostId, false);
        if (ack.errors.length > 0)
          log.warn("an agent cannot apply all of its settings", { host_id: hostId, problems: ack.errors.length });
        bus.publish("state.applied", { hostId });
        return;
      }
      // Either an older state while a newer one is on its way, or a refused one, which the tick sends again.
      setDrift(hostId, true);
      if (isRefused)
        log.warn("an agent could not save its settings; they will be sent again", {
          host_id: hostId,
          why: ack.errors[0]?.message ?? "",
        });
      bus.publish("host.changed", { hostId });
    },
    ticks: [{ name: "state", everyMs: 10 * SECOND_MS, run: repush }],
    dropHost: (hostId) => void pushed.delete(hostId),
  };
}
