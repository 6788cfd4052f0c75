// Lists of repos: of the whole fleet, and of one host.
import type { RepoRow } from "../../db/schema/repos.ts";
import type { RepoNeed } from "../../shared/maintenance.ts";
import { LinkButton } from "../components/button.tsx";
import { Glyph } from "../components/glyph.tsx";
import { Empty, Pager } from "../components/panels.tsx";
import { Ago } from "../components/time.tsx";
import { formatBytes, formatCount } from "../format.ts";
import { HostPage } from "../hosts/frame.tsx";
import type { HostHead } from "../hosts/types.ts";
import { Page, PageHead } from "../layout.tsx";
import { hostPath, hrefOf } from "../links.ts";
import { may, type View } from "../view.ts";
import { type FleetReposVerdict, needNote, ReposVerdict } from "./needs.tsx";
import { failureInShort, RepoBadge, RepoNotice } from "./words.tsx";

export type RepoLine = Pick<
  RepoRow,
  | "id"
  | "hostId"
  | "name"
  | "isPrimary"
  | "url"
  | "status"
  | "statusCode"
  | "statusMessage"
  | "statusAt"
  | "backupWhenReady"
  | "appendOnly"
  | "sizeBytes"
  | "snapshotCount"
  | "measuredAt"
  | "lastCheckAt"
  | "lastCheckStatus"
  | "lastPruneAt"
  | "lastPruneStatus"
  | "lockCount"
> & {
  hostName: string;
  /** Why it needs attention; only in the fleet's list. */
  need?: RepoNeed | null;
};

export type ReposPageProps = {
  rows: readonly RepoLine[];
  offset: number;
  limit: number;
  verdict: FleetReposVerdict;
};

export function ReposPage({ view, rows, offset, limit, verdict }: ReposPageProps & { view: View }) {
  const { total, needy } = verdict;
  const here = (at: number) => hrefOf("/repos", { offset: at || null });
  return (
    <Page view={view} title="Repos" live={here(offset)}>
      <PageHead view={view} live>
        <ReposVerdict {...verdict} />
      </PageHead>
      {total === 0 ? (
        <Empty title="No repos yet">A repo is a host’s restic repository. Add a host to create the first one.</Empty>
      ) : (
        <>
          {needy.length > 0 && needy.length < total ? (
            <p class="t2 list-head">Repos that need attention first, then by host.</p>
          ) : null}
          <RepoTable rows={rows} view={view} host />
          <Pager offset={offset} limit={limit} total={total} href={here} words={["Previous", "Next"]} />
        </>
      )}
    </Page>
  );
}

export function ReposTab({ view, host, repos }: { view: View; host: HostHead; repos: readonly RepoLine[] }) {
  const troubled = repos.filter(({ status }) => status !== "ready");
  return (
    <HostPage view={view} host={host} tab="repos" live={hostPath(host.id, "repos")} rail={false}>
      {troubled.length > 0 ? (
        <div class="rows list-head">
          {troubled.map((repo) => (
            <RepoNotice repo={repo} editable={host.archivedAt === null} named={repos.length > 1} view={view} />
          ))}
        </div>
      ) : null}
      <RepoTable rows={repos} view={view} />
      {may(view, "admin") && host.archivedAt === null ? (
        <div class="foot">
          <LinkButton href={`${hostPath(host.id, "repos")}/new`} icon="plus">
            Add repo
          </LinkButton>
        </div>
      ) : null}
    </HostPage>
  );
}

const SHIELDS: Record<RepoRow["appendOnly"], string> = {
  proven: "proven",
  violated: "violated",
  unknown: "unknown",
  not_applicable: "not supported",
};

function RepoTable({ rows, view, host }: { rows: readonly RepoLine[]; view: View; host?: boolean }) {
  return (
    <table class="table stack repos">
      <thead>
        <tr>
          <th scope="col">Status</th>
          <th scope="col">Repo</th>
          {host ? <th scope="col">Host</th> : null}
          <th scope="col">Address</th>
          <th scope="col">Append-only</th>
          <th scope="col" class="num">
            Size
          </th>
          <th scope="col" class="num">
            Snapshots
          </th>
          <th scope="col">Last check</th>
          <th scope="col">Last prune</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((repo) => (
          <tr id={`r-${repo.id}`}>
            <td class="second">
              <RepoBadge repo={repo} />
            </td>
            <td class="first">
              <a class="row-link host-name" href={`/hosts/${repo.hostId}/repos/${repo.id}`}>
                {repo.name}
              </a>
              {repo.isPrimary ? <small>primary</small> : null}
              {needNote(repo.need ?? null) ? <small class="is-warning">{needNote(repo.need ?? null)}</small> : null}
            </td>
            {host ? (
              <td data-th="Host">
                <code>{repo.hostName}</code>
              </td>
            ) : null}
            <td data-th="Address" class="wide">
              <code>{repo.url}</code>
              {host && repo.status === "failed" ? <small class="is-failed">{failureInShort(repo)}</small> : null}
            </td>
            <td data-th="Append-only">
              {repo.appendOnly === "violated" ? (
                <span class="badge failed">
                  <Glyph name="failed" />
                  {SHIELDS.violated}
                </span>
              ) : (
                <span class="t2">{SHIELDS[repo.appendOnly]}</span>
              )}
            </td>
            <td data-th="Size" class="num">
              {repo.sizeBytes === null ? (
                <span class="t3">–</span>
              ) : (
                <span class="mono">{formatBytes(repo.sizeBytes)}</span>
              )}
            </td>
            <td data-th="Snapshots" class="num">
              <span class="mono">{formatCount(repo.snapshotCount)}</span>
            </td>
            <td data-th="Last check">
              <Done at={repo.lastCheckAt} status={repo.lastCheckStatus} view={view} />
            </td>
            <td data-th="Last prune">
              <Done at={repo.lastPruneAt} status={repo.lastPruneStatus} view={view} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Successes are shown without a badge. */
function Done({ at, status, view }: { at: number | null; status: string | null; view: View }) {
  if (at === null) return <span class="t3">never</span>;
  if (status === "ok") return <Ago at={at} view={view} />;
  return (
    <span class="badge failed">
      <Glyph name="failed" />
      {status === "errors" ? "errors" : "failed"} <Ago at={at} view={view} />
    </span>
  );
}
