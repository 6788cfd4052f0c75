// The page of a repo: status, size, credentials, maintenance, identity and danger zone.
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

/** A refused form of this page, shown again as entered. */
export type RefusedForm = {
  of: "everyday" | "admin" | "maintenance" | "identity" | "reinit" | "remove";
  form: FormState;
};

export type RepoPageProps = {
  repo: RepoRow;
  host: { id: string; name: string; archived: boolean };
  /** Null for viewers, who may not see them. */
  credentials: { everyday: CredentialView; admin: CredentialView | null } | null;
  trend: Trend;
  maintenance: MaintenanceView;
  locks: LocksView;
  sharers: readonly Sharer[];
  /** Repos with the same repository ID at another address. */
  lookalikes: readonly Sharer[];
  nextProbe: NextProbe;
  usedBy: readonly string[];
  /** Initial check budget of the maintenance form, bytes. */
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
      title={`${repo.name} on ${host.name}`}
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
      return <Verdict glyph="queued">{name} is waiting for the repo server to accept this host.</Verdict>;
    case "failed":
      return <Verdict glyph="failed">{name} cannot be opened. Backups to it fail until this is fixed.</Verdict>;
    case "unknown":
      return isBeingMade(repo) ? (
        <Verdict glyph="running">{name} is being created, because there is no repository at its address yet.</Verdict>
      ) : (
        <Verdict glyph="idle">{name} has not been opened yet.</Verdict>
      );
  }
}

/** The most serious known problem of a repo that can be opened. */
function ReadyVerdict({ repo, usedBy, isStale }: VerdictFacts) {
  const name = <code>{repo.name}</code>;
  const holds = `holds ${formatPlural(repo.snapshotCount, "snapshot")}`;
  if (repo.lastCheckStatus === "errors")
    return (
      <Verdict glyph="failed" sub="See the check’s job for what to do.">
        {name} is damaged: its last check found errors.
      </Verdict>
    );
  if (repo.appendOnly === "violated")
    return (
      <Verdict glyph="warning">
        {name} is ready and {holds}, but a compromised host could delete them.
      </Verdict>
    );
  if (isStale) return <Verdict glyph="warning">{name} is ready, but a stale lock blocks forget and prune.</Verdict>;
  if (repo.snapshotCount === 0 && repo.lastCheckStatus === null)
    return (
      <Verdict
        glyph="idle"
        sub={
          <>
            {usedBy.length === 0
              ? "No source group uses it. Choose it under "
              : "Wait for the next scheduled run, or start one under "}
            <a href={hostPath(repo.hostId, "sources")}>Sources</a>
          </>
        }
      >
        {name} is ready but holds no snapshots of this host yet.
      </Verdict>
    );
  return (
    <Verdict glyph="ok">
      {name} is ready and {holds}
      {repo.lastCheckStatus === "ok" ? ". Its last check found no errors." : "."}
    </Verdict>
  );
}
