/** Explains a cron expression in the editor: words, zone, splay, the next five runs. */
import { MINUTE_MS } from "../../shared/time/clock.ts";
import { nextRuns, parseCron, splayMs } from "../../shared/time/cron.ts";
import type { Explanation } from "../../shared/time/cron-words.ts";
import { cronInWords } from "../../shared/time/cron-words.ts";
import { dayIn } from "../../shared/time/days.ts";
import { isZone, zoneNamed } from "../../shared/time/zone.ts";

const SHOWN_RUNS = 5;

export type ExplainInput = {
  cron: string;
  /** Null or empty: the host's zone. */
  timezone: string | null;
  splayMinutes: number;
  /** Null for a new schedule, which has no id and therefore no fixed delay yet. */
  scheduleId: string | null;
  hostZone: string;
  now: number;
};

/** null while nothing has been typed. */
export function explainSchedule(input: ExplainInput): Explanation | null {
  const { cron, splayMinutes, scheduleId, now } = input;
  const zone = input.timezone || input.hostZone;
  if (cron.trim() === "") return null;
  const parsed = parseCron(cron);
  if (!parsed.ok) return { ok: false, problem: parsed.problem };
  if (!isZone(zone)) return { ok: false, problem: "Unknown time zone. Enter one such as Europe/Berlin." };
  const splay = Number.isInteger(splayMinutes) && splayMinutes > 0 ? splayMinutes : 0;
  const delay = scheduleId === null ? 0 : splayMs(scheduleId, splay);
  const runs = nextRuns(parsed.cron, zone, now - delay, SHOWN_RUNS).map((due) => due + delay);
  const words = cronInWords(cron);
  return {
    ok: true,
    words: words.charAt(0).toUpperCase() + words.slice(1),
    zone,
    splay:
      splay === 0
        ? null
        : scheduleId === null
          ? `With this splay, up to ${splay} min later. The exact delay is fixed when you save.`
          : `With this splay, ${delayInWords(delay)} later on this host.`,
    runs: runs.map((at) => ({ at, day: dayIn(zone, at), time: timeIn(zone, at) })),
  };
}

/** `02:04` */
function timeIn(zone: string, at: number): string {
  return new Date(zoneNamed(zone).wall(at)).toISOString().slice(11, 16);
}

function delayInWords(ms: number): string {
  const minutes = Math.round(ms / MINUTE_MS);
  if (minutes < 1) return "less than a minute";
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${minutes} min` : `${hours} h ${minutes % 60} min`;
}
