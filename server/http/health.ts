/** `/healthz`: the process is alive, and reports what keeps it from storing data. `/readyz`: it is ready for requests. */
import * as v from "valibot";
import { Refusal } from "./errors.ts";
import { publicRoute, type Route } from "./routes.ts";

export type HealthDeps = {
  /** Why the database cannot be written. Contains no paths, because anybody may ask. */
  storage: { problem(): { code: "disk_full" | "database" } | null };
  isDraining(): boolean;
};

const WORDS = {
  disk_full: "The server's disk is full, so nothing can be saved. Free some space.",
  database: "The server cannot write to its database. Check the server's log and disk.",
};

const healthAnswer = v.strictObject({
  status: v.picklist(["ok", "disk_full", "database"]),
  message: v.exactOptional(v.string()),
});

export function healthRoutes({ storage, isDraining }: HealthDeps): Route[] {
  return [
    publicRoute({
      method: "GET",
      path: "/healthz",
      summary: "The process is alive; says when it cannot store anything",
      answers: { 200: healthAnswer },
      // A restart does not free any disk space, so a supervisor must not restart the server because of this.
      handle: ({ c }) => {
        const problem = storage.problem();
        return c.json(problem ? { status: problem.code, message: WORDS[problem.code] } : { status: "ok" });
      },
    }),
    publicRoute({
      method: "GET",
      path: "/readyz",
      summary: "The database is writable and up to date",
      answers: { 200: v.strictObject({ status: v.literal("ready") }) },
      errors: { 503: ["draining", "database"] },
      handle: ({ c }) => {
        if (isDraining()) throw new Refusal(503, "draining", "The server is shutting down.");
        const problem = storage.problem();
        if (problem) throw new Refusal(503, problem.code, WORDS[problem.code]);
        return c.json({ status: "ready" });
      },
    }),
  ];
}
