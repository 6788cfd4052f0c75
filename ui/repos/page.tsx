// One repo: can it be opened, what is in it, what opens it, who holds a lock.
import type { RepoRow } from "../../db/schema/repos.ts";
import { Verb } from "../components/button.tsx";
import type { FormState } from "../components/field.tsx";
import { Crumbs, FactRows, Figures, LedgerSection } from "../components/panels.tsx";
import { Verdict } from "../components/status.tsx";
import { Ago, Near } from "../components/time.tsx";
import { formatBytes, formatCount, formatPlural } from "../format.ts";
import { hostPath } from "../hosts/frame.tsx";
import { Page, PageHead } from "../layout.tsx";
import { may, type View } from "../view.ts";
import { CredentialForm } from "./credential-form.tsx";
import { AppendOnlyBadge, AppendOnlyWords, isBeingMade, RepoNotice } from "./words.tsx";

/** The everyday credential without its secrets. */
export type CredentialView = {
  url: string;
  httpUsername: string | null;
  hasHttpPassword: boolean;
  envNames: readonly string[];
  rotatedAt: number;
  /** The newest one has not opened the repo yet; the one before it is in use. */
  onTrial: boolean;
  /** Why the newest one was refused. */
  trialError: string | null;
};

export type RepoPageProps = {
  repo: Omit<RepoRow, "compression" | "createdAt" | "updatedAt">;
  host: { id: string; name: string; archived: boolean };
  /** Null for viewers, who are not shown it. */
  credential: CredentialView | null;
  /** A refused change, to come back with what was typed; null otherwise. */
  refused: FormState | null;
};

export function RepoPage({ view, repo, host, credential, refused }: RepoPageProps & { view: View }) {
  const path = `${hostPath(host.id, "repos")}/${repo.id}`;
  const live = refused === null ? { live: path } : {};
  return (
    <Page view={view} title={`${repo.name} of ${host.name}`} {...live}>
      <Crumbs
        crumbs={[
          { label: "Dashboard", href: "/" },
          { label: <code>{host.name}</code>, href: hostPath(host.id) },
          { label: "Repos", href: hostPath(host.id, "repos") },
          { label: <code>{repo.name}</code> },
        ]}
      />
      <PageHead view={view} live={refused === null}>
        <div class="host-head">
          <RepoVerdict repo={repo} />
          <div class="host-line">
            <AppendOnlyBadge repo={repo} />
            <AppendOnlyWords repo={repo} view={view} />
          </div>
        </div>
      </PageHead>
      <RepoNotice repo={repo} view={view} />
      <div class="ledger repo">
        <SizeSection repo={repo} path={path} view={view} />
        <LedgerSection id="connection" title="Connection" about="The host holds only the everyday credential.">
          <Credential
            known={credential}
            repo={repo}
            path={path}
            refused={refused}
            editable={may(view, "admin") && !host.archived}
            view={view}
          />
        </LedgerSection>
        <LocksSection repo={repo} path={path} view={view} />
        <LedgerSection
          id="identity"
          title="Identity"
          about="From the repository itself; another one at this address is refused."
        >
          <FactRows
            facts={[
              ["Repository id", repo.resticId ? <code>{repo.resticId.slice(0, 12)}</code> : "not known yet"],
              ["Format", repo.formatVersion === null ? null : `version ${repo.formatVersion}`],
              ["Kind", <code>{repo.kind}</code>],
              ["Role", repo.isPrimary ? "primary repo of this host" : "further repo of this host"],
            ]}
          />
        </LedgerSection>
      </div>
    </Page>
  );
}

function RepoVerdict({ repo }: { repo: RepoPageProps["repo"] }) {
  const name = <code>{repo.name}</code>;
  switch (repo.status) {
    case "ready":
      return (
        <Verdict glyph={repo.appendOnly === "violated" ? "warning" : "ok"}>
          {name} can be opened and holds {formatPlural(repo.snapshotCount, "snapshot")}.
        </Verdict>
      );
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

function SizeSection({ repo, path, view }: { repo: RepoPageProps["repo"]; path: string; view: View }) {
  const bytes = (value: number | null) => (value === null ? "–" : formatBytes(value));
  const ratio = (value: number | null) => (value === null ? "–" : `${value.toFixed(value < 10 ? 2 : 1)} ×`);
  return (
    <LedgerSection
      id="size"
      title="Size"
      about={
        repo.measuredAt === null ? (
          "Not measured yet; that happens after the first backup."
        ) : (
          <>
            Raw data in the repository, measured <Ago at={repo.measuredAt} view={view} />.
          </>
        )
      }
    >
      <div class="rows-wide">
        <Figures
          facts={[
            ["In the repo", bytes(repo.sizeBytes)],
            ["If all were restored", bytes(repo.restoreSizeBytes)],
            ["Saved by deduplication", ratio(repo.dedupRatio)],
            ["Saved by compression", ratio(repo.compressionRatio)],
            ["Files in the newest", repo.fileCount === null ? "–" : formatCount(repo.fileCount)],
            ["Snapshots", formatCount(repo.snapshotCount)],
          ]}
        />
        {may(view, "operator") && repo.status === "ready" ? (
          <Verb action={`${path}/stats`} csrf={view.csrf} icon="refresh" small>
            Measure now
          </Verb>
        ) : null}
      </div>
    </LedgerSection>
  );
}

function Credential(props: {
  known: CredentialView | null;
  repo: RepoPageProps["repo"];
  path: string;
  refused: FormState | null;
  editable: boolean;
  view: View;
}) {
  const { known, repo, path, refused, editable, view } = props;
  if (!known)
    return (
      <FactRows
        facts={[
          ["Address", <code>{repo.url}</code>],
          ["User and passwords", "shown to operators only"],
        ]}
      />
    );
  return (
    <div>
      <FactRows
        facts={[
          ["Address", <code>{known.url}</code>],
          ["HTTP user", known.httpUsername ? <code>{known.httpUsername}</code> : null],
          ["HTTP password", repo.kind === "rest" ? (known.hasHttpPassword ? "set" : "none") : null],
          ["Restic password", "set"],
          ["Environment", known.envNames.length > 0 ? <code>{known.envNames.join(", ")}</code> : null],
          ["Changed", <Near at={known.rotatedAt} view={view} />],
          ["State", <TrialWords known={known} />],
        ]}
      />
      {editable ? (
        <CredentialForm
          known={known}
          repo={repo}
          action={`${path}/credentials/everyday`}
          refused={refused}
          view={view}
        />
      ) : null}
    </div>
  );
}

function TrialWords({ known }: { known: CredentialView }) {
  if (known.trialError)
    return <span class="is-failed">The new one was refused: {known.trialError} The one before it stays in use.</span>;
  if (known.onTrial) return <span class="is-running">The new one is being tried; the one before it is in use.</span>;
  return <>in use</>;
}

function LocksSection({ repo, path, view }: { repo: RepoPageProps["repo"]; path: string; view: View }) {
  const count = repo.lockCount ?? 0;
  return (
    <LedgerSection
      id="locks"
      title="Locks"
      about="A running job holds one. One that stays behind blocks forget and prune."
    >
      <div class="between">
        <p class="t2">
          {repo.lockCount === null ? "Not looked at yet." : count === 0 ? "No lock." : formatPlural(count, "lock")}
          {repo.oldestLockAt === null || count === 0 ? null : (
            <>
              , the oldest from <Ago at={repo.oldestLockAt} view={view} />
            </>
          )}
        </p>
        {may(view, "operator") && repo.status === "ready" ? (
          <Verb action={`${path}/unlock`} csrf={view.csrf} icon="lock" small>
            Remove stale locks
          </Verb>
        ) : null}
      </div>
    </LedgerSection>
  );
}
