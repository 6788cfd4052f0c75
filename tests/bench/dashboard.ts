// Row: the dashboard with 1 000 hosts, under the message load of 5 000 agents.

import { HEARTBEAT_EVERY_MS } from "../../shared/protocol/version.ts";
import { HOUR_MS, SECOND_MS } from "../../shared/time/clock.ts";
import { percentile } from "./figures.ts";
import { type Fleet, startFleet } from "./fleet.ts";
import type { BenchContext, Measure, Row } from "./row.ts";

const HOSTS = 1_000;
/** Each of the 1 000 hosts speaks as often as five. */
const LOAD = 5;
/** Asked before any counts: a server that has just started compiles its pages' code first. */
const WARM_UP = 30;
const REQUESTS = 300;
const PAUSE_MS = 70;
const SETTLE_MS = 35 * SECOND_MS;

export const dashboard: Row = {
  name: "dashboard",
  how: `${HOSTS} connected hosts with the heartbeats and backups of ${HOSTS * LOAD}; ${REQUESTS} requests of each kind after ${WARM_UP} that do not count`,
  async run(context) {
    const fleet = await startFleet(context, {
      hosts: HOSTS,
      pace: { heartbeatEveryMs: HEARTBEAT_EVERY_MS / LOAD, backupEveryMs: HOUR_MS / LOAD },
    });
    await Bun.sleep(SETTLE_MS);
    return await ask(context, fleet);
  },
};

type Timed = { ms: number; status: number; tag: string | null };

async function ask({ say }: BenchContext, fleet: Fleet): Promise<Measure[]> {
  const get = async (headers: Record<string, string>): Promise<Timed> => {
    const askedAt = performance.now();
    const answer = await fetch(`${fleet.server().url}/`, { headers: { cookie: fleet.client().cookie, ...headers } });
    const bytes = (await answer.arrayBuffer()).byteLength;
    if (answer.status === 200 && bytes < 10_000) throw new Error(`the dashboard came with ${bytes} bytes`);
    return { ms: performance.now() - askedAt, status: answer.status, tag: answer.headers.get("etag") };
  };
  for (let n = 0; n < WARM_UP; n++) {
    await get({});
    await get({ "hx-request": "true" });
  }
  const pages: number[] = [];
  const polls: number[] = [];
  const unchanged: number[] = [];
  let tries = 0;
  for (; pages.length < REQUESTS || unchanged.length < REQUESTS; tries++) {
    if (tries > 10 * REQUESTS) throw new Error(`only ${unchanged.length} of ${tries} polls were unchanged`);
    if (pages.length < REQUESTS) pages.push((await get({})).ms);
    await Bun.sleep(PAUSE_MS * Math.random());
    const poll = await get({ "hx-request": "true" });
    if (polls.length < REQUESTS) polls.push(poll.ms);
    // A second poll right after: nothing has changed, mostly.
    const again = await get({ "hx-request": "true", "if-none-match": poll.tag ?? "" });
    if (again.status === 304) unchanged.push(again.ms);
    await Bun.sleep(PAUSE_MS * Math.random());
  }
  say(`${unchanged.length} of ${tries} second polls were answered 304`);
  return [
    { what: "first page, p99", value: percentile(pages, 0.99), unit: "ms", atMost: 80 },
    { what: "first page, median", value: percentile(pages, 0.5), unit: "ms" },
    { what: "live poll, p99", value: percentile(polls, 0.99), unit: "ms", atMost: 30 },
    { what: "live poll, median", value: percentile(polls, 0.5), unit: "ms" },
    { what: "304, p99", value: percentile(unchanged, 0.99), unit: "ms", atMost: 5 },
    { what: "304, median", value: percentile(unchanged, 0.5), unit: "ms" },
    { what: "polls right after a poll that were 304", value: (100 * unchanged.length) / tries, unit: "%" },
  ];
}
