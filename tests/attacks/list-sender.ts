// A process of its own that sends one complete list of snapshots, as an agent does: part by part, 4 MiB in flight at most.
// Usage: bun list-sender.ts URL IDENTITY-AS-JSON ROWS NEWEST-TIME TAKEN-AT

import { newId } from "../../shared/ids.ts";
import { SECOND_MS } from "../../shared/time/clock.ts";
import { connectSimulated } from "../testbed/simulated-agent.ts";
import { snapshotRow } from "./made-up.ts";

const ROWS_IN_PART = 700;

const [url = "", identity = "", count = "0", newest = "0", takenAt = "0"] = process.argv.slice(2);
const agent = await connectSimulated(url, JSON.parse(identity));
const { repoId } = agent.identity;
const rows = Array.from({ length: Number(count) }, (_, at) => snapshotRow(Number(newest) - at * SECOND_MS));
const parts = Math.ceil(rows.length / ROWS_IN_PART);
const reportId = newId();
for (let part = 1; part <= parts; part++) {
  const snapshots = rows.slice((part - 1) * ROWS_IN_PART, part * ROWS_IN_PART);
  const list = { repo_id: repoId, report_id: reportId, taken_at: Number(takenAt), part, parts, snapshots };
  agent.send("snapshots.report", list, { seq: part });
  await agent.waitFor("ack", ({ seq }) => seq >= part);
}
agent.close();
