/** Tracks connected hosts: what agents report in hello and heartbeats, and when they were last seen. */
import type { Db } from "../../db/open.ts";
import { findHost, flushLastSeen, setClockSkew, updateHost } from "../../db/queries/hosts.ts";
import type { HostRow } from "../../db/schema/hosts.ts";
import { inTransaction } from "../../db/transaction.ts";
import type { Log } from "../../shared/log.ts";
import { type Clock, MINUTE_MS, SECOND_MS } from "../../shared/time/clock.ts";
import { isZone } from "../../shared/time/zone.ts";
import type { Connection, Hello, Hub } from "../agents/hub.ts";
import { writeAudit } from "../runtime/audit.ts";
import type { FactBus } from "../runtime/facts.ts";
import { createIsolation } from "../runtime/isolated.ts";
import type { Tick } from "../runtime/ticker.ts";

export type Presence = {
  recordHello(connection: Connection, hello: Hello): "ok" | "cloned";
  connected(connection: Connection, hello: Hello): void;
  disconnected(connection: Connection): void;
  flapping(connection: Connection): void;
  heartbeat(connection: Connection, outboxPending: number): void;
  /** When the host was last seen, from memory or else from the database. */
  lastSeenAt(host: Pick<HostRow, "id" | "lastSeenAt">): number | null;
  ticks: readonly Tick[];
  /** Writes everything from memory. Runs every 5 minutes and at shutdown. */
  flush(): void;
};

export type PresenceDeps = { db: Db; clock: Clock; log: Log; hub: Hub; bus: FactBus };

export function createPresence({ db, clock, log, hub, bus }: PresenceDeps): Presence {
  const isolation = createIsolation({ task: "store when it was last seen", of: "host", clock, log });
  const unwritten = new Map<string, number>();
  /** Disconnected hosts → how far their clock was off. */
  const departed = new Map<string, number>();

  const reportClone = (connection: Connection, why: string) => {
    const host = findHost(db, connection.hostId);
    log.warn("two machines use the same identity", { host_id: connection.hostId, host: host?.name, why });
    writeAudit(db, clock.now(), {
      actor: { kind: "agent", hostId: connection.hostId, ip: connection.ip },
      action: "host.clone_seen",
      target: { kind: "host", id: connection.hostId, name: host?.name ?? "" },
      payload: { why },
    });
  };

  /** Stores the hosts that have disconnected since the last call, together because there may be thousands. */
  const flushDeparted = () => {
    if (departed.size === 0) return;
    inTransaction(db, () => {
      for (const [id, skew] of departed)
        writeOne(id, () => {
          setClockSkew(db, id, skew);
          writeLastSeen(id);
        });
    });
    departed.clear();
  };

  const thenConclude = (work: () => void) => () => {
    work();
    isolation.conclude();
  };

  const flush = () => {
    const written = inTransaction(db, () =>
      [...unwritten.keys()].filter((id) => writeOne(id, () => writeLastSeen(id))),
    );
    for (const id of written) unwritten.delete(id);
  };

  /** Uses a savepoint per host, so that an error in one host's row does not affect the others. */
  const writeOne = (id: string, work: () => void) => isolation.attempt(id, () => inTransaction(db, work));

  const writeLastSeen = (id: string) => {
    const at = unwritten.get(id);
    if (at !== undefined) flushLastSeen(db, [[id, at]]);
  };

  return {
    recordHello(connection, hello) {
      const host = findHost(db, connection.hostId);
      if (!host) return "cloned";
      if (host.machineId !== hello.machine_id) {
        reportClone(
          connection,
          `machine id ${hello.machine_id.slice(0, 12)}… instead of ${host.machineId.slice(0, 12)}…`,
        );
        return "cloned";
      }
      const changes = changesOf(host, hello);
      if (changes) updateHost(db, host.id, { ...changes, updatedAt: clock.now() });
      return "ok";
    },
    connected(connection, hello) {
      unwritten.set(connection.hostId, clock.now());
      log.info("agent connected", { host_id: connection.hostId, version: hello.agent_version });
      bus.publish("host.connected", { hostId: connection.hostId });
    },
    disconnected(connection) {
      unwritten.set(connection.hostId, connection.lastFrameAt);
      departed.set(connection.hostId, Math.abs(connection.skewMs) >= 1000 ? connection.skewMs : 0);
      log.info("agent disconnected", { host_id: connection.hostId });
      bus.publish("host.disconnected", { hostId: connection.hostId });
    },
    flapping: (connection) => reportClone(connection, "three replacements in ten minutes"),
    heartbeat(connection, outboxPending) {
      connection.outboxPending = outboxPending;
      unwritten.set(connection.hostId, clock.now());
      connection.send("heartbeat.ack", { time: clock.now() });
    },
    lastSeenAt: (host) => hub.find(host.id)?.lastFrameAt ?? unwritten.get(host.id) ?? host.lastSeenAt,
    flush,
    ticks: [
      { name: "departed", everyMs: SECOND_MS, run: thenConclude(flushDeparted) },
      { name: "last seen", everyMs: 5 * MINUTE_MS, run: thenConclude(flush) },
    ],
  };
}

/** Only what differs, so that a thousand reconnects after a restart write nothing. */
function changesOf(host: HostRow, hello: Hello): Partial<HostRow> | null {
  const said: Partial<HostRow> = {
    agentVersion: hello.agent_version,
    resticVersion: hello.restic_version,
    protocolVersion: hello.protocol_version,
    os: hello.os,
    arch: hello.arch,
    hostname: hello.hostname,
    timezone: hello.timezone === host.timezone || isZone(hello.timezone) ? hello.timezone : "UTC",
  };
  const changed = Object.entries(said).filter(([key, value]) => host[key as keyof HostRow] !== value);
  if (JSON.stringify(host.capabilities) !== JSON.stringify(hello.capabilities))
    changed.push(["capabilities", hello.capabilities as never]);
  return changed.length > 0 ? Object.fromEntries(changed) : null;
}
