// The dashboard: whether everything is protected, what needs attention, and every host with its recent nights.
import type { FleetSummary } from "../../shared/fleet.ts";
import { LinkButton } from "../components/button.tsx";
import { Empty } from "../components/panels.tsx";
import { StripKey } from "../components/strip.tsx";
import { PendingHosts, type PendingLine } from "../enrollment/pending.tsx";
import { formatCount, formatPlural } from "../format.ts";
import { Page, PageHead } from "../layout.tsx";
import { deletionHoldsPath } from "../links.ts";
import { may, type View } from "../view.ts";
import { Filters, type FleetFilter, hrefWith } from "./filters.tsx";
import { type DrawRow, type FleetRow, isFine } from "./rows.tsx";
import { FleetTable } from "./table.tsx";
import { Tiles } from "./tiles.tsx";
import { DashboardVerdict, type FleetVerdict } from "./verdict.tsx";

export type DashboardProps = {
  verdict: FleetVerdict;
  summary: FleetSummary;
  filter: FleetFilter;
  tags: readonly string[];
  /** Machines waiting for approval. */
  pending: readonly PendingLine[];
  rows: readonly FleetRow[];
  /** Hosts that match the filter; `rows` may hold fewer. */
  total: number;
  days: readonly string[];
  draw: DrawRow;
};

export function DashboardPage({ view, ...data }: DashboardProps & { view: View }) {
  const { verdict, summary, filter, rows, total } = data;
  const fine = rows.filter(isFine).length;
  return (
    <Page view={view} title="Dashboard" live={hrefWith(filter)}>
      <PageHead
        view={view}
        live
        tools={
          may(view, "operator") ? (
            <>
              <LinkButton href={deletionHoldsPath()}>Hold deletion…</LinkButton>
              {may(view, "admin") ? (
                <LinkButton href="/hosts/new" primary icon="plus">
                  Add host
                </LinkButton>
              ) : null}
            </>
          ) : null
        }
      >
        <DashboardVerdict verdict={verdict} mayConfirm={may(view, "operator")} />
      </PageHead>
      <Tiles summary={summary} />
      <PendingHosts hosts={data.pending} view={view} />
      <Filters {...data} />
      {rows.length === 0 ? (
        <Empty title="No matching hosts" action={<LinkButton href="/">Show all hosts</LinkButton>}>
          This filter hides {summary.hosts === 1 ? "the only host" : `all ${formatCount(summary.hosts)} hosts`}.
        </Empty>
      ) : (
        <>
          <div class={fine > 12 ? "fleet-box folds" : "fleet-box"}>
            <FleetTable {...data} view={view} />
            {fine > 12 ? (
              <label class="fine-toggle">
                <input type="checkbox" class="vh" id="show-fine" />
                {formatPlural(fine, "healthy host")}
              </label>
            ) : null}
          </div>
          <div class="foot">
            <StripKey />
            <span>
              {rows.length < total
                ? `${formatCount(rows.length)} of ${formatPlural(total, "host")}`
                : formatPlural(total, "host")}
            </span>
          </div>
        </>
      )}
    </Page>
  );
}
