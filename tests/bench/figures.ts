// Percentiles and medians of measured values. Pure.

/** The smallest value that at least `share` (0 to 1) of all values do not exceed. @throws for an empty list */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1));
  const value = sorted[at];
  if (value === undefined) throw new Error("nothing was measured");
  return value;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  const upper = percentile(sorted, 0.5);
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? upper) + (sorted[half] ?? upper)) / 2;
}
