// The audit log page: who changed what, and from where.
import type { AuditRow } from "../../db/schema/audit.ts";
import { LinkButton } from "../components/button.tsx";
import { Select } from "../components/field.tsx";
import { Empty, Pager } from "../components/panels.tsx";
import { Verdict } from "../components/status.tsx";
import { formatPlural } from "../format.ts";
import { Page, PageHead } from "../layout.tsx";
import { hrefOf } from "../links.ts";
import type { View } from "../view.ts";

export type AuditFilter = {
  actor: string;
  action: string;
  since: string;
  until: string;
  offset: number;
};

export type AuditProps = {
  filter: AuditFilter;
  rows: readonly (AuditRow & { username: string | null })[];
  total: number;
  limit: number;
  /** Actions to filter by. */
  actions: readonly string[];
};

export function AuditPage({ view, filter, rows, total, limit, actions }: AuditProps & { view: View }) {
  const here = (offset: number) => hrefOf("/audit", { ...filter, offset: offset || null });
  return (
    <Page view={view} title="Audit">
      <PageHead view={view}>
        <Verdict sub="Every change and every denied attempt, kept for two years. Never contains secrets.">
          {total === 0 ? "The audit log is empty." : `${formatPlural(total, "entry", "entries")} in the audit log.`}
        </Verdict>
      </PageHead>
      <form class="filters" action="/audit" aria-label="Filter the audit log">
        <Select
          name="action"
          label="Action"
          value={filter.action}
          options={[{ value: "", label: "Any action" }, ...actions.map((action) => ({ value: action, label: action }))]}
        />
        <Select
          name="actor"
          label="Actor"
          value={filter.actor}
          options={[
            { value: "", label: "Any actor" },
            { value: "user", label: "Users" },
            { value: "agent", label: "Agents" },
            { value: "system", label: "The server" },
          ]}
        />
        <input class="input date" type="date" name="since" value={filter.since} aria-label="From day" />
        <input class="input date" type="date" name="until" value={filter.until} aria-label="To day" />
        <button class="btn" type="submit">
          Filter
        </button>
        <LinkButton href="/audit" quiet>
          Clear
        </LinkButton>
      </form>
      {rows.length === 0 ? (
        <Empty title="No matching entries">Remove or change a filter.</Empty>
      ) : (
        <>
          <AuditTable rows={rows} view={view} />
          <Pager offset={filter.offset} limit={limit} total={total} href={here} />
        </>
      )}
    </Page>
  );
}

function AuditTable({ rows, view }: Pick<AuditProps, "rows"> & { view: View }) {
  return (
    <table class="table stack audit">
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">Who</th>
          <th scope="col">Action</th>
          <th scope="col">Target</th>
          <th scope="col">Address</th>
          <th scope="col">Details</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr id={`a-${row.id}`}>
            <td class="first">
              <time datetime={new Date(row.ts).toISOString()} title={view.dates.full(row.ts)}>
                {view.dates.near(row.ts, view.now)}
              </time>
            </td>
            <td data-th="Who">
              {row.actor === "user"
                ? (row.username ?? "unknown user")
                : row.actor === "system"
                  ? "the server"
                  : "agent"}
            </td>
            <td data-th="Action">
              <code class={row.action.endsWith(".denied") ? "is-failed" : undefined}>{row.action}</code>
            </td>
            <td data-th="Target">
              {row.targetName ? <code>{row.targetName}</code> : <span class="t3">–</span>}
              {row.targetKind ? <small>{row.targetKind}</small> : null}
            </td>
            <td data-th="Address">{row.ip ? <code>{row.ip}</code> : <span class="t3">–</span>}</td>
            <td class="wide">
              {Object.keys(row.payload).length === 0 ? (
                <span class="t3">–</span>
              ) : (
                <details class="fold">
                  <summary>Show</summary>
                  <pre>{JSON.stringify(row.payload, null, 2)}</pre>
                </details>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
