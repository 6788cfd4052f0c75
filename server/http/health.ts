/** `/healthz`: the process answers. `/readyz`: the database takes writes. */
import type { Db } from "../../db/open.ts";
import { putSetting } from "../../db/queries/settings.ts";
import type { Clock } from "../../shared/clock.ts";
import { Refusal } from "./errors.ts";
import { publicRoute, type Route } from "./routes.ts";

export function healthRoutes({ db, clock, isDraining }: { db: Db; clock: Clock; isDraining(): boolean }): Route[] {
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
          putSetting(db, "ready_check", String(clock.now()));
        } catch {
          throw new Refusal(503, "database", "The database cannot be written. Look at the server's log and its disk.");
        }
        return c.json({ status: "ready" });
      },
    }),
  ];
}
