// Row: what 5 000 connected agents cost the server, how long they block its event loop, and how they reconnect after a restart.

import { HEARTBEAT_EVERY_MS } from "../../shared/protocol/version.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../shared/time/clock.ts";
import { ADMIN } from "../testbed/server.ts";
import { percentile } from "./figures.ts";
import { type Fleet, startFleet } from "./fleet.ts";
import { processorTime, residentMb } from "./process-cost.ts";
import type { BenchContext, Measure, Row } from "./row.ts";

const AGENTS = 5_000;
const SETTLE_MS = 35 * SECOND_MS;
const WATCH_MS = MINUTE_MS;
const PROBE_EVERY_MS = 20;
const SIGN_IN_EVERY_MS = SECOND_MS;

export const fleetLoad: Row = {
  name: "fleet-load",
  how: `${AGENTS} agents in one other process, a heartbeat every 30 s and a 30 s backup per agent and hour, watched for ${WATCH_MS / 1000} s`,
  async run(context) {
    const fleet = await startFleet(context, {
      hosts: AGENTS,
      pace: { heartbeatEveryMs: HEARTBEAT_EVERY_MS, backupEveryMs: HOUR_MS },
    });
    // The first backups are under way and every agent has beaten once.
    await Bun.sleep(SETTLE_MS);
    const steady = await watch(fleet);
    const back = await restart(context, fleet);
    return [...steady, ...back];
  },
};

async function watch(fleet: Fleet): Promise<Measure[]> {
  const { pid, url } = fleet.server();
  const before = processorTime(pid).ownMs;
  const startedAt = performance.now();
  const dropsBefore = fleet.report().drops;
  const resident: number[] = [];
  const answers: number[] = [];
  while (performance.now() - startedAt < WATCH_MS) {
    const askedAt = performance.now();
    await fetch(`${url}/healthz`).then((answer) => answer.text());
    answers.push(performance.now() - askedAt);
    resident.push(residentMb(pid));
    await Bun.sleep(PROBE_EVERY_MS);
  }
  const busy = processorTime(pid).ownMs - before;
  return [
    { what: "server RSS, highest", value: Math.max(...resident), unit: "MB", atMost: 200 },
    {
      what: "server CPU, of one core",
      value: (100 * busy) / (performance.now() - startedAt),
      unit: "%",
      atMost: 10,
    },
    { what: "/healthz under that load, p99.9", value: percentile(answers, 0.999), unit: "ms", atMost: 50 },
    { what: "/healthz under that load, slowest", value: Math.max(...answers), unit: "ms" },
    { what: "agents that lost their connection", value: fleet.report().drops - dropsBefore, unit: "", atMost: 0 },
  ];
}

/** A person signs in once a second from the moment the server listens until all agents are back. */
async function restart({ say }: BenchContext, fleet: Fleet): Promise<Measure[]> {
  const stoppedAt = await fleet.restart();
  const listensAt = performance.now();
  const { url, pid } = fleet.server();
  let isBack = false;
  const signIns: { ms: number; status: number }[] = [];
  const person = async () => {
    while (!isBack || signIns.length === 0) {
      const askedAt = performance.now();
      const answer = await fetch(`${url}/api/auth/login`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(ADMIN),
      });
      await answer.text();
      signIns.push({ ms: performance.now() - askedAt, status: answer.status });
      await Bun.sleep(SIGN_IN_EVERY_MS);
    }
  };
  const people = person();
  await fleet.allOnline();
  const backAt = performance.now();
  isBack = true;
  await people;
  const offline = await fleet.client().get<{ total: number }>("/api/hosts?status=offline&limit=1");
  say(
    `all back ${Math.round(backAt - listensAt)} ms after the first sign-in; the server used ${processorTime(pid).ownMs} ms of CPU`,
  );
  return [
    { what: "restart: from SIGTERM to all agents online", value: (backAt - stoppedAt) / 1000, unit: "s", atMost: 60 },
    { what: "restart: hosts that the server shows offline then", value: offline.total, unit: "", atMost: 0 },
    {
      what: "restart: failed sign-ins of a person meanwhile",
      value: signIns.filter(({ status }) => status !== 200).length,
      unit: "",
      atMost: 0,
    },
    { what: "restart: slowest sign-in", value: Math.max(...signIns.map(({ ms }) => ms)), unit: "ms", atMost: 500 },
  ];
}
