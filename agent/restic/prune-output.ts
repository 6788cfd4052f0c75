/** Parses the output of `restic prune`, which has no JSON in any release. Pure. */
import type { JobStats } from "../../shared/protocol/fields.ts";

export type PruneLine = { is: "progress" } | { is: "phase"; phase: string } | { is: "text" };

export type PruneReport = {
  line(text: string): PruneLine;
  /** freed_bytes, remaining_bytes, repacked_bytes, unused_bytes: where restic printed them. */
  stats(): JobStats;
};

const PROGRESS = /^\[\d+:\d{2}(:\d{2})?\]/;
const PHASES: readonly [pattern: RegExp, phase: string][] = [
  [/^loading/, "loading the index"],
  [/^finding data|^searching used/, "finding data in use"],
  [/^collecting packs/, "choosing what goes"],
  [/^repacking/, "repacking"],
  [/^rebuilding index/, "rebuilding the index"],
  [/^removing|^deleting/, "removing old data"],
];
const FIGURES: readonly [pattern: RegExp, key: string][] = [
  [/^total prune:\s+\d+ blobs \/ ([\d.]+ \w+)/, "freed_bytes"],
  [/^remaining:\s+\d+ blobs \/ ([\d.]+ \w+)/, "remaining_bytes"],
  [/^to repack:\s+\d+ blobs \/ ([\d.]+ \w+)/, "repacked_bytes"],
  [/^unused size after prune:\s+([\d.]+ \w+)/, "unused_bytes"],
];
const UNITS: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

export function createPruneReport(): PruneReport {
  const stats: JobStats = {};
  return {
    line(text) {
      if (PROGRESS.test(text)) return { is: "progress" };
      for (const [pattern, key] of FIGURES) {
        const bytes = sizeOf(pattern.exec(text)?.[1]);
        if (bytes !== null) stats[key] = bytes;
      }
      const phase = PHASES.find(([pattern]) => pattern.test(text))?.[1];
      return phase === undefined ? { is: "text" } : { is: "phase", phase };
    },
    stats: () => stats,
  };
}

/** `11.447 MiB` → bytes, as exactly as it was printed. */
function sizeOf(text: string | undefined): number | null {
  const [number, unit] = text?.split(" ") ?? [];
  const factor = UNITS[unit ?? ""];
  return factor === undefined ? null : Math.round(Number(number) * factor);
}
