// Program in restic's place: waits for a file, then prints lines in the form of restic's errors, each with the current time.
import { existsSync, writeSync } from "node:fs";

const [goSign = "", lines = "0", mark = ""] = process.argv.slice(2);
const STDERR = 2;
const GIVE_UP_MS = 60_000;

const startedAt = performance.now();
while (!existsSync(goSign) && performance.now() - startedAt < GIVE_UP_MS) await Bun.sleep(20);
for (let n = 0; n < Number(lines); n++) {
  await Bun.sleep(10 + 80 * Math.random());
  const error = { message: `line ${n} ${mark}${Date.now()}` };
  writeSync(STDERR, `${JSON.stringify({ message_type: "error", error, during: "archival", item: `/file-${n}` })}\n`);
}
process.exit(1);
