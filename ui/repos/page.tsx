// One repo: can it be opened, what is in it, what opens it, how it is kept healthy.
import type { RepoRow } from "../../db/schema/repos.ts";
import type { FormState } from "../../shared/pages.ts";
import { Verdict } from "../components/status.tsx";
import { formatPlural } from "../format.ts";
import { HostSubPage } from "../hosts/sub-page.tsx";
import { PageHead } from "../layout.tsx";
import { hostPath } from "../links.ts";
import { may, type View } from "../view.ts";
import { ConnectionSection } from "./connection.tsx";
import { DangerSection, IdentitySection } from "./danger.tsx";
import { LocksRow, type LocksView } from "./locks.tsx";
import { MaintenanceSection } from "./maintenance.tsx";
import { LookalikeNotice, type Sharer, UnreadableSnapshots } from "./notices.tsx";
import { SizeSection, type Trend } from "./size.tsx";
import type { CredentialView, MaintenanceView } from "./types.ts";
import { AppendOnlyBadge, AppendOnlyWords, isBeingMade, type NextProbe, RepoNotice } from "./words.tsx";

/** A form of this page that was refused, to come back with what was typed. */
export type RefusedForm = {
  of: "everyday" | "admin" | "maintenance" | "identity" | "reinit" | "remove";
  form: FormState;
};

export type RepoPageProps = {
  repo: RepoRow;
  host: { id: string; name: string; archived: boolean };
  /** Null for viewers, who are not shown them. */
  credentials: { everyday: CredentialView; admin: CredentialView | null } | null;
  trend: Trend;
  maintenance: MaintenanceView;
  locks: LocksView;
  sharers: readonly Sharer[];
  /** Repos that tell the same repository id at another address. */
  lookalikes: readonly Sharer[];
  nextProbe: NextProbe;
  usedBy: readonly string[];
  /** A budget for checks that the form of maintenance is to begin with, bytes. */
  wishedBudgetBytes: number | null;
  refused: RefusedForm | null;
};

export function RepoPage({ view, ...data }: RepoPageProps & { view: View }) {
  const { repo, host, credentials, trend, refused } = data;
  const path = `${hostPath(host.id, "repos")}/${repo.id}`;
  const isLive = refused === null && data.wishedBudgetBytes === null;
  const live = isLive ? { live: `${path}?days=${trend.days}` } : {};
  const formOf = (of: RefusedForm["of"]) => (refused?.of === of ? refused.form : null);
  const slot = refused?.of === "everyday" || refused?.of === "admin" ? refused.of : null;
  const danger = refused?.of === "reinit" || refused?.of === "remove" ? refused.of : null;
  const editable = !host.archived;
  const mayRun = may(view, "operator") && editable && repo.status === "ready";
  return (
    <HostSubPage
      view={view}
      title={`${repo.name} of ${host.name}`}
      host={host}
      tab="repos"
      here={<code>{repo.name}</code>}
      {...live}
    >
      <PageHead view={view} live={isLive}>
        <div class="host-head">
          <RepoVerdict repo={repo} usedBy={data.usedBy} isStale={data.locks.isStale} />
          <div class="host-line">
            <AppendOnlyBadge repo={repo} />
            <AppendOnlyWords repo={repo} view={view} />
          </div>
        </div>
      </PageHead>
      <div class="rows">
        <RepoNotice repo={repo} editable={editable} nextProbe={data.nextProbe} view={view} />
        <UnreadableSnapshots ids={repo.unreadableSnapshots ?? []} />
        <LookalikeNotice lookalikes={data.lookalikes} />
      </div>
      <div class="ledger repo">
        <SizeSection repo={repo} trend={trend} path={path} mayRun={mayRun} view={view} />
        <ConnectionSection
          repo={repo}
          everyday={credentials?.everyday ?? null}
          admin={credentials?.admin ?? null}
          path={path}
          refused={slot && refused ? { slot, form: refused.form } : null}
          editable={may(view, "admin") && editable}
          view={view}
        />
        <MaintenanceSection
          maintenance={data.maintenance}
          locks={<LocksRow locks={data.locks} path={path} mayRun={mayRun} view={view} />}
          path={path}
          form={formOf("maintenance")}
          wishedBudgetBytes={data.wishedBudgetBytes}
          isReady={mayRun}
          view={view}
        />
        <IdentitySection
          repo={repo}
          sharers={data.sharers}
          path={path}
          form={formOf("identity")}
          editable={may(view, "operator") && editable}
          view={view}
        />
        {editable ? (
          <DangerSection
            repo={repo}
            hostName={host.name}
            path={path}
            usedBy={data.usedBy}
            refused={danger && refused ? { of: danger, form: refused.form } : null}
            view={view}
          />
        ) : null}
      </div>
    </HostSubPage>
  );
}

type VerdictFacts = { repo: RepoRow; usedBy: readonly string[]; isStale: boolean };

function RepoVerdict({ repo, usedBy, isStale }: VerdictFacts) {
  const name = <code>{repo.name}</code>;
  switch (repo.status) {
    case "ready":
      return <ReadyVerdict repo={repo} usedBy={usedBy} isStale={isStale} />;
    case "waiting":
      return <Verdict glyph="queued">{name} waits until the repo server knows this host.</Verdict>;
    case "failed":
      return <Verdict glyph="failed">{name} cannot be opened. Backups to it fail until this is mended.</Verdict>;
    case "unknown":
      return isBeingMade(repo) ? (
        <Verdict glyph="running">{name} is being made: nothing was at its address yet.</Verdict>
      ) : (
        <Verdict glyph="idle">{name} has not been tried yet.</Verdict>
      );
  }
}

/** The gravest thing that is known of a repo that opens. */
function ReadyVerdict({ repo, usedBy, isStale }: VerdictFacts) {
  const name = <code>{repo.name}</code>;
  const holds = `holds ${formatPlural(repo.snapshotCount, "snapshot")}`;
  if (repo.lastCheckStatus === "errors")
    return (
      <Verdict glyph="failed" sub="The check’s job says what to do.">
        {name} is damaged: its last check found errors.
      </Verdict>
    );
  if (repo.appendOnly === "violated")
    return (
      <Verdict glyph="warning">
        {name} can be opened and {holds}, but a stolen host could erase them.
      </Verdict>
    );
  if (isStale)
    return <Verdict glyph="warning">{name} can be opened, but a stale lock keeps forget and prune out.</Verdict>;
  if (repo.snapshotCount === 0 && repo.lastCheckStatus === null)
    return (
      <Verdict
        glyph="idle"
        sub={
          <>
            {usedBy.length === 0
              ? "No source group goes into it; choose it under "
              : "The next run is the first; or run one now, under "}
            <a href={hostPath(repo.hostId, "sources")}>Sources</a>
          </>
        }
      >
        {name} can be opened, and holds no snapshot of this host yet.
      </Verdict>
    );
  return (
    <Verdict glyph="ok">
      {name} can be opened
      {repo.lastCheckStatus === "ok" ? `, ${holds}, and its last check found no errors.` : ` and ${holds}.`}
    </Verdict>
  );
}
