/** When each kind of maintenance is due for a repo: its own expression, or the default, spread over the week by its id. Pure. */
import type { RepoRow } from "../../db/schema/repos.ts";
import { type Cron, parseCron } from "../../shared/cron.ts";
import type { MaintenanceKind } from "../../shared/maintenance.ts";

/** Stored instead of an expression: never by itself. */
export const OFF = "off";

export type CadenceColumns = Pick<RepoRow, "id" | "forgetCron" | "pruneCron" | "checkCron">;

const COLUMNS = { forget: "forgetCron", prune: "pruneCron", check: "checkCron" } as const;
/** Hours in which defaults fall: after the night's backups, before the next ones. */
const FIRST_HOUR = 5;
const HOURS = 16;

/** The expression in force; null = never by itself. */
export function expressionOf(repo: CadenceColumns, kind: MaintenanceKind): string | null {
  const stored = repo[COLUMNS[kind]];
  if (stored === OFF) return null;
  return stored ?? defaultExpression(repo.id, kind);
}

/** The expression in force, read. One that no longer parses counts as the default. */
export function readCadence(repo: Pick<RepoRow, "id">, kind: MaintenanceKind, expression: string): Cron {
  const parsed = parseCron(expression);
  if (parsed.ok) return parsed.cron;
  const fallback = parseCron(defaultExpression(repo.id, kind));
  if (!fallback.ok) throw new Error(fallback.problem);
  return fallback.cron;
}

/** Once a week; prune at the time of forget, which it follows, check some days later. */
export function defaultExpression(repoId: string, kind: MaintenanceKind): string {
  const hash = hashOf(repoId);
  const minute = hash % 60;
  const hour = FIRST_HOUR + (Math.floor(hash / 60) % HOURS);
  const day = Math.floor(hash / (60 * HOURS)) % 7;
  return `${minute} ${hour} * * ${kind === "check" ? (day + 3) % 7 : day}`;
}

/** FNV-1a: ids made one after the other differ in a few letters only. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}
