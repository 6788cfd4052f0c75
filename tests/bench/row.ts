// Defines a benchmark row: a name, and a run that takes measurements, each with its target.
import type { Cleanup } from "../testbed/temp.ts";

export type Unit = "ms" | "s" | "MB" | "%" | "×" | "/s" | "";

export type Measure = {
  what: string;
  value: number;
  unit: Unit;
  /** The target; a measure without one is information. */
  atMost?: number;
  atLeast?: number;
};

export type BenchContext = {
  /** Takes everything down when the row has ended, however it ends. */
  cleanup: Cleanup;
  say(line: string): void;
};

export type Row = {
  /** For `--only`. */
  name: string;
  /** How it is measured, in one sentence. */
  how: string;
  run(context: BenchContext): Promise<Measure[]>;
};

export type Verdict = "met" | "missed" | "info";

export function verdictOf({ value, atMost, atLeast }: Measure): Verdict {
  if (atMost === undefined && atLeast === undefined) return "info";
  const isMet = value <= (atMost ?? Number.POSITIVE_INFINITY) && value >= (atLeast ?? Number.NEGATIVE_INFINITY);
  return isMet ? "met" : "missed";
}
