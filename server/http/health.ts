/** `/healthz`: the process answers. `/readyz`: the database takes writes. */
import type { Db } from "../../db/open.ts";
import { putSetting } from "../../db/queries/settings.ts";
import type { Clock } from "../../shared/clock.ts";
import { Refusal } from "./errors.ts";
import { publicRoute, type Route } from "./routes.ts";

/** Anybody may ask; the disk is written at most this often. */
const WRITE_EVERY_MS = 5_000;

export function healthRoutes({ db, clock, isDraining }: { db: Db; clock: Clock; isDraining(): boolean }): Route[] {
  let writtenAt = 0;
  return [
    publicRoute({
      method: "GET",
      path: "/healthz",
      summary: "The process is alive",
      handle: ({ c }) => c.json({ status: "ok" }),
    }),
    publicRoute({
      method: "GET",
      path: "/readyz",
      summary: "The database is writable and up to date",
      handle: ({ c }) => {
        if (isDraining()) throw new Refusal(503, "draining", "The server is shutting down.");
        try {
          if (Math.abs(clock.now() - writtenAt) >= WRITE_EVERY_MS) {
            putSetting(db, "ready_check", String(clock.now()));
            writtenAt = clock.now();
          }
        } catch {
          throw new Refusal(503, "database", "The database cannot be written. Look at the server's log and its disk.");
        }
        return c.json({ status: "ready" });
      },
    }),
  ];
}
