/** `/healthz`: the process answers, and names what keeps it from storing anything. `/readyz`: it takes work. */
import * as v from "valibot";
import { Refusal } from "./errors.ts";
import { publicRoute, type Route } from "./routes.ts";

export type HealthDeps = {
  /** Why the database takes no writes; strangers hear no folder. */
  storage: { problem(): { code: "disk_full" | "database" } | null };
  isDraining(): boolean;
};

const WORDS = {
  disk_full: "The server's disk is full, so nothing can be saved. Free some space.",
  database: "The database cannot be written. Check the server's log and its disk.",
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
      // A restart frees no disk, so whoever restarts what is not healthy must not do it for that.
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
