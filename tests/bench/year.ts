// Row: a year of 100 hosts in a few minutes, with the real server on a simulated clock and agents that speak the protocol without a network.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measureDatabase } from "../../db/queries/upkeep.ts";
import { DAY_MS } from "../../shared/time/clock.ts";
import { startApp, type TestApp } from "../testbed/app.ts";
import type { BenchContext, Measure, Row } from "./row.ts";
import { enrollInside, RUN_EVERY_MS, type YearAgent } from "./year-agent.ts";

const HOSTS = 100;
const MONTHS = 12;
const DAYS_A_MONTH = 30;
const RUNS_A_DAY = DAY_MS / RUN_EVERY_MS;
/** Ticks that keep house; the others only watch sockets, which are not real here. */
const TICKS = ["due times", "days", "sweep", "cleanup", "maintenance", "last seen", "sessions", "pending hosts"];

export const year: Row = {
  name: "year",
  how: `${HOSTS} hosts, ${RUNS_A_DAY} backups a day and weekly maintenance each, ${MONTHS} months of ${DAYS_A_MONTH} days; the size is what is used, without audit rows`,
  async run(context) {
    const folder = mkdtempSync(join(tmpdir(), "year-"));
    context.cleanup.add(async () => rmSync(folder, { recursive: true, force: true }));
    // Far enough back that at the end it is today.
    const start = Date.now() - MONTHS * DAYS_A_MONTH * DAY_MS;
    const offset = start - Date.now();
    const app = await startApp(context.cleanup, "error", { now: () => Date.now() + offset }, folder);
    app.db.$client.run("PRAGMA synchronous = OFF");
    const agents: YearAgent[] = [];
    for (let at = 0; at < HOSTS; at++) agents.push(await enrollInside(app, `host-${String(at).padStart(3, "0")}`));
    return await live(context, app, agents);
  },
};

async function live({ say }: BenchContext, app: TestApp, agents: readonly YearAgent[]): Promise<Measure[]> {
  const used: number[] = [];
  const memory: number[] = [];
  let longest = { name: "", ms: 0 };
  for (let month = 1; month <= MONTHS; month++) {
    const jobsBefore = agents.reduce((sum, agent) => sum + agent.jobs(), 0);
    for (let step = 0; step < DAYS_A_MONTH * RUNS_A_DAY; step++) {
      app.clock.move(RUN_EVERY_MS);
      for (const agent of agents) agent.beat();
      for (const [at, agent] of agents.entries()) {
        agent.backUp();
        if (at % 20 === 19) await nextTurn();
      }
      await nextTurn();
      const ticked = await keepHouse(app);
      if (ticked.ms > longest.ms) longest = ticked;
      await nextTurn();
    }
    used.push(usedBytes(app));
    Bun.gc(true);
    memory.push(process.memoryUsage.rss());
    const stored = app.db.$client.query<{ n: number }, []>("SELECT count(*) AS n FROM jobs").get()?.n ?? 0;
    const jobs = agents.reduce((sum, agent) => sum + agent.jobs(), 0) - jobsBefore;
    say(
      `month ${month}: ${jobs} jobs, ${mega(used.at(-1))} MB used, ${stored} jobs stored, ${mega(memory.at(-1))} MB of memory`,
    );
  }
  const [fourth = 1, last = 0] = [used[3], used.at(-1)];
  const [memoryAt4 = 1, memoryAt12 = 0] = [memory[3], memory.at(-1)];
  return [
    { what: "database, month 12 ÷ month 4", value: last / fourth, unit: "×", atMost: 1.1 },
    { what: "database after a year", value: last / 1e6, unit: "MB" },
    { what: "memory (server and agents in one process), month 12 ÷ month 4", value: memoryAt12 / memoryAt4, unit: "×" },
    { what: "memory after a year", value: memoryAt12 / 1e6, unit: "MB" },
    { what: `longest tick (${longest.name})`, value: longest.ms, unit: "ms" },
  ];
}

/** @returns the longest tick; one that yields meanwhile counts as a whole */
async function keepHouse({ wired }: TestApp): Promise<{ name: string; ms: number }> {
  let longest = { name: "", ms: 0 };
  for (const tick of wired.ticks.filter(({ name }) => TICKS.includes(name))) {
    const startedAt = performance.now();
    await tick.run();
    const ms = performance.now() - startedAt;
    if (ms > longest.ms) longest = { name: tick.name, ms };
  }
  return longest;
}

/** Pages that hold something, less what the audit log takes. */
function usedBytes({ db }: TestApp): number {
  const { bytes, freeBytes } = measureDatabase(db);
  const audit = db.$client
    .query<{ n: number }, []>("SELECT coalesce(sum(length(payload) + length(action) + 200), 0) AS n FROM audit_log")
    .get();
  return bytes - freeBytes - (audit?.n ?? 0);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function mega(bytes = 0): string {
  return (bytes / 1e6).toFixed(1);
}
