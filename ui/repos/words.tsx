// Words for a repo's status, with what to do, and for whether it is append-only.
import type { Child } from "hono/jsx";
import type { RepoRow } from "../../db/schema/repos.ts";
import type { ErrorCode } from "../../shared/jobs.ts";
import { Verb } from "../components/button.tsx";
import { type GlyphName, toneOf } from "../components/glyph.tsx";
import { Icon, type IconName } from "../components/icon.tsx";
import { Notice } from "../components/panels.tsx";
import { Badge } from "../components/status.tsx";
import { Ago, Near } from "../components/time.tsx";
import { may, type View } from "../view.ts";
import { RootHint } from "./own-folder.tsx";

export type RepoState = Pick<
  RepoRow,
  "url" | "id" | "hostId" | "name" | "status" | "statusCode" | "statusMessage" | "statusAt" | "backupWhenReady"
>;

const STATUS: Record<RepoRow["status"], { glyph: GlyphName; word: string }> = {
  ready: { glyph: "ok", word: "Ready" },
  waiting: { glyph: "queued", word: "Waiting" },
  failed: { glyph: "failed", word: "Not ready" },
  unknown: { glyph: "idle", word: "Unknown" },
};

export function RepoBadge({ repo, fill }: { repo: Pick<RepoRow, "status" | "statusCode">; fill?: boolean }) {
  const { glyph, word } = isBeingMade(repo) ? { glyph: "running" as const, word: "Creating" } : STATUS[repo.status];
  return (
    <Badge glyph={glyph} {...(fill ? { fill } : {})}>
      {word}
    </Badge>
  );
}

/** The repository does not exist yet and an `init` job is on its way. */
export function isBeingMade({ status, statusCode }: Pick<RepoRow, "status" | "statusCode">): boolean {
  return status === "unknown" && statusCode === "repo_missing";
}

/** A short reason for each code. */
const REASONS: Partial<Record<ErrorCode, string>> = {
  wrong_password: "Wrong restic password",
  repo_missing: "No repository at this address",
  wrong_repo: "Another repository at this address",
  repo_unreachable: "Repo server unreachable",
  unauthorised: "User or password refused",
  repo_locked: "Repository locked",
  permission_denied: "Permission denied",
  append_only: "Deleting refused",
  repo_damaged: "Repository damaged",
  repo_full: "Repository full",
  no_credentials: "No credential on the host",
  refused_by_host: "Refused by the host",
  restic_missing: "restic is not installed on the host",
  restic_too_old: "restic on the host is too old",
  restic_failed: "restic failed",
  stalled: "restic stalled",
};

/** Why a repo cannot be opened, from its code, for lists and headings. */
export function failureInShort({ statusCode }: Pick<RepoRow, "statusCode">): string {
  return `${REASONS[statusCode as ErrorCode] ?? "The repository could not be opened"}.`;
}

/** The agent's own message, or the words for the code if there is none. */
export function failureInFull({ statusCode, statusMessage }: Pick<RepoRow, "statusCode" | "statusMessage">): string {
  const said = statusMessage?.trim() ?? "";
  return said === "" ? failureInShort({ statusCode }) : sentence(said);
}

/** Some messages of agents lack the full stop. */
const sentence = (text: string) => (/[.!?…]$/.test(text) ? text : `${text}.`);

/** When the host next probes a repo that cannot be opened; null if no probe is planned. */
export type NextProbe = { at: number | null; isOnline: boolean };

/** A repo's status with the remedy and a Retry button; `named` if several are listed. */
export function RepoNotice(props: {
  repo: RepoState;
  editable: boolean;
  named?: boolean;
  nextProbe?: NextProbe;
  view: View;
}) {
  const { repo, editable, named, nextProbe, view } = props;
  const retry =
    editable && may(view, "operator") ? (
      <Verb
        action={`/hosts/${repo.hostId}/repos/${repo.id}/probe`}
        csrf={view.csrf}
        small
        icon="refresh"
        label={repo.status === "ready" ? "Probe now" : "Retry now"}
      >
        {repo.status === "ready" ? "Probe now" : "Retry"}
      </Verb>
    ) : null;
  const when = repo.statusAt === null ? null : <Ago at={repo.statusAt} view={view} />;
  const probes = editable && nextProbe ? <Probes probedAt={repo.statusAt} next={nextProbe} view={view} /> : null;
  const notice = (glyph: GlyphName, reason: Child, words: Child) => (
    <Notice
      glyph={glyph}
      reason={
        named ? (
          <>
            <code>{repo.name}</code>: {reason}
          </>
        ) : (
          reason
        )
      }
      verbs={retry}
    >
      {words}
    </Notice>
  );
  const then = repo.backupWhenReady ? " Then its source groups are backed up at once." : "";
  switch (repo.status) {
    case "ready":
      return notice("ok", "Ready.", <>Opened with the everyday credential {when}.</>);
    case "waiting":
      return notice(
        "queued",
        "Waiting for the repo server.",
        <>
          {repo.statusMessage ??
            "It does not accept this host yet. Add the htpasswd line on the repo server. The agent retries automatically."}
          {when ? <> Last tried {when}.</> : null}
          <RootHint repo={repo} />
        </>,
      );
    case "failed":
      return notice(
        "failed",
        failureInFull(repo),
        <>
          {probes ?? (when ? <> Tried {when}.</> : null)}
          <RootHint repo={repo} />
        </>,
      );
    case "unknown":
      return repo.statusCode === "repo_missing"
        ? notice(
            "running",
            "Being created.",
            `There is no repository at this address yet, so the agent is creating one.${then}`,
          )
        : notice("idle", "Not opened yet.", `The agent opens the repository as soon as it is connected.${then}`);
  }
}

/** "Last probe today 12:40, next probe today 13:10." */
function Probes({ probedAt, next, view }: { probedAt: number | null; next: NextProbe; view: View }) {
  const then = !next.isOnline ? (
    "next probe when the host is back"
  ) : next.at === null || next.at <= view.now ? (
    "next probe in a moment"
  ) : (
    <>
      next probe <Near at={next.at} view={view} />
    </>
  );
  return probedAt === null ? (
    <> Not probed yet, {then}.</>
  ) : (
    <>
      {" "}
      Last probe <Near at={probedAt} view={view} />, {then}.
    </>
  );
}

const APPEND_ONLY: Record<RepoRow["appendOnly"], { glyph: GlyphName; icon: IconName; word: string }> = {
  proven: { glyph: "ok", icon: "shield-check", word: "Append-only: proven" },
  violated: { glyph: "failed", icon: "shield-alert", word: "Append-only: violated" },
  unknown: { glyph: "idle", icon: "shield", word: "Append-only: unknown" },
  not_applicable: { glyph: "idle", icon: "shield", word: "Append-only: not supported" },
};

export function AppendOnlyBadge({ repo }: { repo: Pick<RepoRow, "appendOnly"> }) {
  const { glyph, icon, word } = APPEND_ONLY[repo.appendOnly];
  return (
    <span class={`badge badge-fill ${toneOf(glyph)}`}>
      <Icon name={icon} />
      {word}
    </span>
  );
}

/** The evidence behind the badge. */
export function AppendOnlyWords({
  repo,
  view,
}: {
  repo: Pick<RepoRow, "appendOnly" | "appendOnlyCheckedAt">;
  view: View;
}) {
  const when = repo.appendOnlyCheckedAt === null ? null : <Ago at={repo.appendOnlyCheckedAt} view={view} />;
  switch (repo.appendOnly) {
    case "proven":
      return <p>A test delete with the everyday credential was refused {when}</p>;
    case "violated":
      return (
        <p class="is-failed">
          The repo server allowed a test delete {when}. A compromised host could delete its backups. Start the server
          with --append-only.
        </p>
      );
    case "unknown":
      return <p>Not tested yet</p>;
    case "not_applicable":
      return <p>Only a REST server can refuse deletes. A compromised host could delete this repository</p>;
  }
}
