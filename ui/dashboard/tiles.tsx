// The fleet's key figures, below the dashboard's verdict.
import type { FleetSummary } from "../../shared/fleet.ts";
import { Tile } from "../components/panels.tsx";
import { Spark } from "../components/spark.tsx";
import { formatBytesChange, formatCount, formatPlural, splitBytes } from "../format.ts";

export function Tiles({ summary }: { summary: FleetSummary }) {
  const { hosts, online, offline, offlineNames, protectedHosts, protectedWithWarnings, snapshots } = summary;
  const size = splitBytes(summary.sizeBytes);
  return (
    <section class="tiles" aria-label="Fleet">
      <Tile
        label="Hosts online"
        figure={formatCount(online)}
        unit={`of ${formatCount(hosts)}`}
        href={offline > 0 ? "/?status=offline" : "/"}
        note={
          offline === 0 ? (
            "none offline"
          ) : (
            <>
              <code>{offlineNames.slice(0, 2).join(", ")}</code>
              {offline > 2 ? ` and ${offline - 2} more` : ""} offline
            </>
          )
        }
      />
      <Tile
        label="Protected"
        figure={formatCount(protectedHosts)}
        unit={`of ${formatCount(hosts)}`}
        href={protectedHosts < hosts ? "/?unprotected=24h" : "/"}
        note={protectedWithWarnings > 0 ? `${protectedWithWarnings} with warnings` : "none with warnings"}
      />
      <Tile
        label="Total repo size"
        figure={size.figure}
        unit={size.unit}
        href="/repos"
        note={
          formatPlural(snapshots, "snapshot") +
          (summary.sizeChangeBytes === null ? "" : ` · ${formatBytesChange(summary.sizeChangeBytes)} in 30 days`)
        }
      >
        <Spark values={summary.sizes} width={88} height={28} />
      </Tile>
      <Tile
        label="Jobs running"
        figure={formatCount(summary.runningJobs)}
        href="/jobs?status=running"
        note={summary.waitingJobs > 0 ? `${formatCount(summary.waitingJobs)} waiting` : "none waiting"}
      />
    </section>
  );
}
