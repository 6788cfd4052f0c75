// `npm run bench`: measures the product against its targets, prints a table and writes a JSON file.
import { mkdirSync } from "node:fs";
import { loadavg } from "node:os";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { createCleanup } from "../testbed/temp.ts";
import { agentGrowth } from "./agent-growth.ts";
import { agentIdle } from "./agent-idle.ts";
import { backupOverhead } from "./backup-overhead.ts";
import { dashboard } from "./dashboard.ts";
import { downloadSizes } from "./download-sizes.ts";
import { fleetLoad } from "./fleet-load.ts";
import { largeDatabase } from "./large-database.ts";
import { lineToDom } from "./line-to-dom.ts";
import { logThroughput } from "./log-throughput.ts";
import { type Measure, type Row, verdictOf } from "./row.ts";
import { runNow } from "./run-now.ts";
import { serverStart } from "./server-start.ts";
import { year } from "./year.ts";

const ROWS: readonly Row[] = [
  backupOverhead,
  runNow,
  lineToDom,
  logThroughput,
  fleetLoad,
  dashboard,
  agentIdle,
  agentGrowth,
  downloadSizes,
  serverStart,
  largeDatabase,
  year,
];
const REPOSITORY = resolve(import.meta.dir, "../..");

type Outcome = { name: string; how: string; seconds: number; load: number; measures: Measure[]; error: string | null };

const { values } = parseArgs({
  options: {
    out: { type: "string", default: resolve(REPOSITORY, "dist/bench.json") },
    only: { type: "string", multiple: true, default: [] },
  },
});
const unknown = values.only.filter((name) => !ROWS.some((row) => row.name === name));
if (unknown.length > 0) {
  console.error(`There is no row ${unknown.join(", ")}. Rows: ${ROWS.map((row) => row.name).join(", ")}`);
  process.exit(2);
}

const outcomes: Outcome[] = [];
mkdirSync(dirname(resolve(values.out)), { recursive: true });
for (const row of ROWS) {
  if (values.only.length > 0 && !values.only.includes(row.name)) continue;
  const outcome = await measure(row);
  outcomes.push(outcome);
  print([outcome]);
  // After each row: a run that is interrupted keeps what it has measured.
  await Bun.write(values.out, `${JSON.stringify({ at: new Date().toISOString(), rows: outcomes }, null, 2)}\n`);
}
if (outcomes.length > 1) print(outcomes);
console.log(`\nWritten to ${values.out}`);
const failed = outcomes.some(({ error, measures }) => error || measures.some((one) => verdictOf(one) === "missed"));
process.exit(failed ? 1 : 0);

async function measure(row: Row): Promise<Outcome> {
  const cleanup = createCleanup();
  const startedAt = performance.now();
  // Other work on the machine makes every figure worse: it is written down with them.
  const load = Math.round((loadavg()[0] ?? 0) * 10) / 10;
  console.error(`\n${row.name}: ${row.how} (load ${load})`);
  let measures: Measure[] = [];
  let error: string | null = null;
  try {
    measures = await row.run({ cleanup, say: (line) => console.error(`  ${line}`) });
  } catch (problem) {
    error = problem instanceof Error ? (problem.stack ?? problem.message) : String(problem);
    console.error(`  failed: ${error}`);
  } finally {
    await cleanup.run();
  }
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  return { name: row.name, how: row.how, seconds, load, measures, error };
}

function print(rows: readonly Outcome[]): void {
  console.log();
  const lines = rows.flatMap(({ name, measures, error }) =>
    error
      ? [[name, "could not be measured", "", "", "failed"]]
      : measures.map((one) => [name, one.what, targetOf(one), numberOf(one.value, one.unit), verdictOf(one)]),
  );
  const table = [["row", "what", "target", "measured", ""], ...lines];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((line) => line[column]?.length ?? 0)));
  for (const line of table) console.log(line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "));
}

function targetOf({ atMost, atLeast, unit }: Measure): string {
  if (atMost !== undefined) return `≤ ${numberOf(atMost, unit)}`;
  return atLeast === undefined ? "" : `≥ ${numberOf(atLeast, unit)}`;
}

function numberOf(value: number, unit: string): string {
  const digits = unit === "×" ? 3 : Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0;
  return `${Number(value.toFixed(digits)).toLocaleString("en")} ${unit}`.trim();
}
