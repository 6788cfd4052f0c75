/** Keeps the server itself healthy: deletes old rows, copies the database, sends heartbeats. */
import { join } from "node:path";
import { type Db, databasePath } from "../../db/open.ts";
import type { Log } from "../../shared/log.ts";
import { type Clock, HOUR_MS, MINUTE_MS } from "../../shared/time/clock.ts";
import type { Config } from "../runtime/config.ts";
import { SIGNING_KEY_FILE } from "../runtime/data-files.ts";
import type { Sealer } from "../runtime/seal.ts";
import type { Storage } from "../runtime/storage.ts";
import type { OverdueTick, Tick } from "../runtime/ticker.ts";
import { createCleanup } from "./cleanup.ts";
import { createHeartbeat, type Heartbeat } from "./heartbeat.ts";
import { type Copies, createCopies } from "./nightly.ts";
import { taskProblems } from "./task-problems.ts";

export type Upkeep = {
  ticks: Tick[];
  copies: Copies;
  /** null when no heartbeat is configured. */
  heartbeat: Heartbeat | null;
  /** In sentences: a database that cannot be written, and background tasks that fail or hang. */
  taskProblems(): string[];
};

export type UpkeepDeps = {
  db: Db;
  clock: Clock;
  log: Log;
  config: Config;
  sealer: Sealer;
  storage: Pick<Storage, "problem">;
  overdue(): OverdueTick[];
};

export function createUpkeep({ db, clock, log, config, sealer, storage, overdue }: UpkeepDeps): Upkeep {
  const cleanup = createCleanup({ db, clock, log, ...config });
  const copies = createCopies({
    parts: {
      databasePath: databasePath(db),
      signingKeyPath: join(config.dataDir, SIGNING_KEY_FILE),
      sealer,
    },
    folder: config.backupDir,
    keep: config.backupKeep,
    dataDir: config.dataDir,
    clock,
    log,
  });
  const problems = () => {
    const unstored = storage.problem();
    return [...(unstored ? [unstored.message] : []), ...taskProblems(db, overdue())];
  };
  const url = config.heartbeatUrl;
  const heartbeat = url === null ? null : createHeartbeat({ url, log, now: clock.now, problems });
  return {
    copies,
    heartbeat,
    taskProblems: problems,
    ticks: [
      { name: "cleanup", everyMs: HOUR_MS, run: async () => void (await cleanup()) },
      { name: "nightly copy", everyMs: 10 * MINUTE_MS, run: copies.copyIfDue },
      ...(heartbeat ? [{ name: "heartbeat", everyMs: 5 * MINUTE_MS, run: heartbeat.beat }] : []),
    ],
  };
}
