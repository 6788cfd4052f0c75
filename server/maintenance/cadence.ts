/** When each kind of maintenance is due for a repo: its own cron expression, or a default spread over the week by its id. Pure. */
import type { RepoRow } from "../../db/schema/repos.ts";
import type { MaintenanceKind } from "../../shared/maintenance.ts";
import { type Cron, parseCron } from "../../shared/time/cron.ts";

/** Stored instead of an expression: never automatically. */
export const OFF = "off";

export type CadenceColumns = Pick<RepoRow, "id" | "forgetCron" | "pruneCron" | "checkCron">;

const COLUMNS = { forget: "forgetCron", prune: "pruneCron", check: "checkCron" } as const;
/** Hours for the defaults: after the night's backups and before the next ones. */
const FIRST_HOUR = 5;
const HOURS = 16;

/** The expression in force. null = never automatically. */
export function expressionOf(repo: CadenceColumns, kind: MaintenanceKind): string | null {
  const stored = repo[COLUMNS[kind]];
  if (stored === OFF) return null;
  return stored ?? defaultExpression(repo.id, kind);
}

/** The parsed expression in force. One that can no longer be parsed counts as the default. */
export function readCadence(repo: Pick<RepoRow, "id">, kind: MaintenanceKind, expression: string): Cron {
  const parsed = parseCron(expression);
  if (parsed.ok) return parsed.cron;
  const fallback = parseCron(defaultExpression(repo.id, kind));
  if (!fallback.ok) throw new Error(fallback.problem);
  return fallback.cron;
}

/** Once a week. Prune is due together with forget and follows it. Check is due some days later. */
export function defaultExpression(repoId: string, kind: MaintenanceKind): string {
  const hash = hashOf(repoId);
  const minute = hash % 60;
  const hour = FIRST_HOUR + (Math.floor(hash / 60) % HOURS);
  const day = Math.floor(hash / (60 * HOURS)) % 7;
  return `${minute} ${hour} * * ${kind === "check" ? (day + 3) % 7 : day}`;
}

/** FNV-1a, because ids created one after the other differ in a few characters only. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}
