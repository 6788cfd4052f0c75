// The chart of a repository's size over time, with marks for prunes and a table for screen readers.
import { formatBytes, formatDay, splitBytes } from "../format.ts";

/** One day's sample; `day` is YYYY-MM-DD. */
export type Sample = { day: string; sizeBytes: number; snapshotCount: number };

const WIDTH = 300;
const HEIGHT = 100;
const TABLE_ROWS = 31;
const MARGIN = 0.1;

const at = (day: string) => Date.parse(`${day}T00:00:00Z`);
const round = (value: number) => Math.round(value * 100) / 100;

/** Needs at least two samples, oldest first. @param prunes days with a prune */
export function SizeChart({
  samples,
  prunes,
  days,
}: {
  samples: readonly Sample[];
  prunes: readonly string[];
  days: number;
}) {
  const sizes = samples.map(({ sizeBytes }) => sizeBytes);
  const low = Math.min(...sizes);
  const high = Math.max(...sizes);
  const room = Math.max((high - low) * MARGIN, high * 0.005, 1);
  const floor = Math.max(0, low - room);
  const span = high + room - floor;
  const first = at(samples[0]?.day ?? "");
  const width = Math.max(1, at(samples.at(-1)?.day ?? "") - first);
  const x = (day: string) => round(((at(day) - first) / width) * WIDTH);
  const y = (size: number) => round(HEIGHT - ((size - floor) / span) * HEIGHT);
  const line = samples.map(({ day, sizeBytes }) => `${x(day)} ${y(sizeBytes)}`).join("L");
  const step = WIDTH / samples.length;
  const label = `Repo size over ${days} days, from ${formatBytes(low)} to ${formatBytes(high)}`;
  return (
    <figure class="chart" aria-label={label}>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {[0, 33.33, 66.67, 100].map((level) => (
          <line class="grid" x1="0" x2={WIDTH} y1={level} y2={level} />
        ))}
        {prunes
          .filter((day) => at(day) >= first && at(day) <= first + width)
          .map((day) => (
            <line class="prune" x1={x(day)} x2={x(day)} y1="96" y2="100" />
          ))}
        <path class="line" d={`M${line}`} />
        {samples.map(({ day, sizeBytes, snapshotCount }, index) => (
          <rect class="hit" x={round(index * step)} y="0" width={round(step)} height={HEIGHT}>
            <title>{`${formatDay(day)} · ${formatBytes(sizeBytes)} · ${snapshotCount} snapshots`}</title>
          </rect>
        ))}
      </svg>
      <div class="chart-y" aria-hidden="true">
        {[1, 2 / 3, 1 / 3, 0].map((share) => (
          <span>{axisLabel(floor + span * share, share === 1)}</span>
        ))}
      </div>
      <div class="chart-x" aria-hidden="true">
        {marks(samples).map((day) => (
          <span>{formatDay(day).slice(4)}</span>
        ))}
      </div>
      <table class="vh">
        <caption>{label}</caption>
        <thead>
          <tr>
            <th scope="col">Day</th>
            <th scope="col">Size</th>
            <th scope="col">Snapshots</th>
          </tr>
        </thead>
        <tbody>
          {thinned(samples, TABLE_ROWS).map((sample) => (
            <tr>
              <th scope="row">{formatDay(sample.day)}</th>
              <td>{formatBytes(sample.sizeBytes)}</td>
              <td>{sample.snapshotCount}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}

/** Only the top label carries the unit. */
function axisLabel(bytes: number, withUnit: boolean): string {
  return withUnit ? formatBytes(bytes) : splitBytes(bytes).figure;
}

function marks(samples: readonly Sample[]): string[] {
  const wanted = Math.min(5, samples.length);
  const places = Array.from({ length: wanted }, (_, n) =>
    Math.round((n * (samples.length - 1)) / Math.max(1, wanted - 1)),
  );
  return places.map((place) => samples[place]?.day ?? "");
}

/** Evenly spaced samples, always including the latest. */
function thinned(samples: readonly Sample[], most: number): readonly Sample[] {
  if (samples.length <= most) return samples;
  const step = (samples.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, n) => samples[Math.round(n * step)]).filter((one) => one !== undefined);
}
