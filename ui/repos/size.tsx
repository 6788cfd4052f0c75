// A repo's size in figures and over time.
import type { RepoRow } from "../../db/schema/repos.ts";
import { Verb } from "../components/button.tsx";
import { Figures, LedgerSection } from "../components/panels.tsx";
import { Ago } from "../components/time.tsx";
import { formatBytes, formatBytesChange, formatCount, formatDay } from "../format.ts";
import type { View } from "../view.ts";
import { type Sample, SizeChart } from "./chart.tsx";

export const TREND_DAYS = [30, 90, 365] as const;
export type Trend = { days: number; samples: readonly Sample[]; prunes: readonly string[] };

type SizeRepo = Pick<
  RepoRow,
  | "measuredAt"
  | "sizeBytes"
  | "restoreSizeBytes"
  | "dedupRatio"
  | "compressionRatio"
  | "fileCount"
  | "snapshotCount"
  | "status"
>;

type SizeProps = { repo: SizeRepo; trend: Trend; path: string; mayRun: boolean; view: View };

export function SizeSection({ repo, trend, path, mayRun, view }: SizeProps) {
  const bytes = (value: number | null) => (value === null ? "–" : formatBytes(value));
  const ratio = (value: number | null) =>
    value === null || value < 0.01 ? "–" : `${value.toFixed(value < 10 ? 2 : 1)} ×`;
  return (
    <LedgerSection
      id="size"
      title="Size"
      about={
        repo.measuredAt === null ? (
          "Measured after the first backup."
        ) : (
          <>
            Raw data in the repository, measured <Ago at={repo.measuredAt} view={view} />. Includes what backups have
            added since.
          </>
        )
      }
    >
      <div class="rows-wide">
        <Figures
          facts={[
            ["Repo size", bytes(repo.sizeBytes)],
            ["Restore size", bytes(repo.restoreSizeBytes)],
            ["Deduplication", ratio(repo.dedupRatio)],
            ["Compression", ratio(repo.compressionRatio)],
            ["Files in the latest", repo.fileCount === null ? "–" : formatCount(repo.fileCount)],
            ["Snapshots", formatCount(repo.snapshotCount)],
          ]}
        />
        {mayRun ? (
          <Verb action={`${path}/stats`} csrf={view.csrf} icon="refresh" small>
            Measure now
          </Verb>
        ) : null}
        <TrendChart trend={trend} path={path} />
      </div>
    </LedgerSection>
  );
}

function TrendChart({ trend, path }: { trend: Trend; path: string }) {
  const { days, samples, prunes } = trend;
  const [first] = samples;
  const last = samples.at(-1);
  const isDrawn = samples.length > 1 && first !== undefined && last !== undefined;
  return (
    <div>
      <div class="chart-head">
        <h3>Last {days} days</h3>
        <span class="meta">
          {isDrawn
            ? `${formatBytesChange(last.sizeBytes - first.sizeBytes)} since ${formatDay(first.day).slice(4)}${prunes.length > 0 ? " · marks at the bottom are prunes" : ""}`
            : "available after two days of measurements"}
        </span>
        <nav class="segmented segmented-s" aria-label="Period">
          {TREND_DAYS.map((choice) => (
            <a href={`${path}?days=${choice}`} aria-current={choice === days ? "true" : undefined}>
              {choice === 365 ? "365 days" : choice}
            </a>
          ))}
        </nav>
      </div>
      {isDrawn ? <SizeChart samples={samples} prunes={prunes} days={days} /> : null}
    </div>
  );
}
