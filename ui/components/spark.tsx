// A sparkline: a small line without axes.

/** Draws two or more values, oldest first, in a box of `width` by `height` pixels. */
export function Spark({
  values,
  width = 60,
  height = 20,
}: {
  values: readonly number[];
  width?: number;
  height?: number;
}) {
  if (values.length < 2) return null;
  const low = Math.min(...values);
  const span = Math.max(...values) - low;
  const x = (at: number) => round(1 + (at * (width - 4)) / (values.length - 1));
  const y = (value: number) => round(span === 0 ? height / 2 : height - 3 - ((value - low) / span) * (height - 6));
  const points = values.map((value, at) => `${x(at)} ${y(value)}`);
  return (
    <svg class="spark" viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <path d={`M${points.join("L")}`} />
      <circle cx={x(values.length - 1)} cy={y(values.at(-1) ?? low)} r="1.75" />
    </svg>
  );
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
