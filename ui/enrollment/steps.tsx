// The live progress of an enrolment, up to the first backup.
import type { Child } from "hono/jsx";
import type { JobRow } from "../../db/schema/jobs.ts";
import type { RepoRow } from "../../db/schema/repos.ts";
import type { SettingsProblem } from "../../shared/hosts.ts";
import { Glyph, type GlyphName } from "../components/glyph.tsx";
import { Icon } from "../components/icon.tsx";
import { Verdict } from "../components/status.tsx";
import { Ago, Clock } from "../components/time.tsx";
import { formatPercent, formatPlural } from "../format.ts";
import { SettingsProblems } from "../hosts/problems.tsx";
import { platformOf } from "../hosts/words.tsx";
import { RootHint } from "../repos/own-folder.tsx";
import { isBeingMade } from "../repos/words.tsx";
import type { View } from "../view.ts";

/** The progress of one machine's enrolment. */
export type EnrollmentProgress = {
  /** Address of the panel's polls. */
  progressHref: string;
  hostName: string;
  expiresAt: number;
  revokedAt: number | null;
  backupNow: boolean;
  /** The machine replaces that of an existing host, whose schedules are paused. */
  replaces: boolean;
  paths: number;
  /** Null until the agent has enrolled. */
  host: {
    id: string;
    os: "linux" | "windows";
    arch: "x64" | "arm64";
    agentVersion: string;
    resticVersion: string | null;
    fromIp: string | null;
    enrolledAt: number;
  } | null;
  repo: Pick<RepoRow, "id" | "url" | "status" | "statusCode" | "statusMessage" | "statusAt" | "appendOnly"> | null;
  /** Settings that the host could not apply. */
  problems: readonly SettingsProblem[];
  backup:
    | (Pick<JobRow, "id" | "status" | "warnings" | "finishedAt" | "errorMessage"> & { share: number | null })
    | null;
};

type Step = { state: "done" | "now" | "todo" | "failed"; title: string; at?: number; words: Child };

export function EnrollmentVerdict({ progress }: { progress: EnrollmentProgress }) {
  const { glyph, words, sub } = verdictOf(progress);
  return (
    <div id="enrollment-verdict">
      <Verdict glyph={glyph} sub={sub}>
        {words}
      </Verdict>
    </div>
  );
}

function verdictOf({ hostName, host, repo, backup, revokedAt, backupNow, replaces }: EnrollmentProgress): {
  glyph: GlyphName;
  words: Child;
  sub: string;
} {
  const name = host ? (
    <a href={`/hosts/${host.id}`}>
      <code>{hostName}</code>
    </a>
  ) : (
    <code>{hostName}</code>
  );
  const leave = "You can leave this page. The rest is automatic.";
  if (revokedAt !== null)
    return { glyph: "cancelled", words: <>The token for {name} was revoked.</>, sub: "Create a new one to continue." };
  if (!host)
    return {
      glyph: "queued",
      words: <>Waiting for {name}.</>,
      sub: "Run the command on the machine. This page shows the progress.",
    };
  if (repo?.status === "failed")
    return {
      glyph: "failed",
      words: <>{name} is enrolled, but its repository cannot be opened.</>,
      sub: repo.statusMessage ?? leave,
    };
  if (repo?.status === "waiting")
    return {
      glyph: "queued",
      words: <>Waiting for the repo server to accept {name}.</>,
      sub: "Add the htpasswd line on the repo server. The agent retries every 15 s.",
    };
  if (repo?.status !== "ready")
    return {
      glyph: "running",
      words: (
        <>
          {name} is enrolled. Its repository is being {repo && isBeingMade(repo) ? "created" : "opened"}.
        </>
      ),
      sub: leave,
    };
  if (replaces)
    return {
      glyph: "ok",
      words: <>The machine of {name} has been replaced.</>,
      sub: "Restore its data, then press “Resume schedules” on its page.",
    };
  if (!backup)
    return backupNow
      ? { glyph: "running", words: <>{name} is ready. Its first backup is about to start.</>, sub: leave }
      : { glyph: "ok", words: <>{name} is ready.</>, sub: "Press Run now on its page to start the first backup." };
  if (backup.status === "succeeded")
    return {
      glyph: backup.warnings > 0 ? "warning" : "ok",
      words: <>{name} is protected. Its first backup is complete.</>,
      sub: "Its page lists the snapshot.",
    };
  if (backup.status === "failed")
    return {
      glyph: "failed",
      words: <>The first backup of {name} failed.</>,
      sub: backup.errorMessage ?? "See the job’s log.",
    };
  return { glyph: "running", words: <>{name} is ready. Its first backup is running.</>, sub: leave };
}

/** Polls only itself, because the secrets on the rest of the page are shown only once. */
export function EnrollmentSteps({ progress, view }: { progress: EnrollmentProgress; view: View }) {
  const { progressHref, hostName } = progress;
  const done = progress.backup?.status === "succeeded" || progress.revokedAt !== null;
  const polls = done
    ? {}
    : {
        "hx-get": progressHref,
        "hx-trigger": "live",
        "hx-swap": "outerMorph",
        "hx-target": "this",
        "hx-sync": "this:drop",
      };
  return (
    <aside class="rail live-rail" id="enrollment" aria-label={`Progress of ${hostName}`} aria-live="polite" {...polls}>
      <h2>{hostName}</h2>
      <ol class="steps">
        {[enrolled(progress, view), repository(progress, view), firstBackup(progress)].map((step) => (
          <StepItem step={step} view={view} />
        ))}
      </ol>
      {progress.host ? (
        <SettingsProblems host={{ id: progress.host.id, name: hostName }} problems={progress.problems} view={view} />
      ) : null}
    </aside>
  );
}

/** The response to a poll: this panel and the page's verdict. */
export function EnrollmentUpdate({ progress, view }: { progress: EnrollmentProgress; view: View }) {
  return (
    <>
      <EnrollmentSteps progress={progress} view={view} />
      <hx-partial hx-target="#enrollment-verdict" hx-swap="outerMorph">
        <EnrollmentVerdict progress={progress} />
      </hx-partial>
    </>
  );
}

function StepItem({ step, view }: { step: Step; view: View }) {
  const { state, title, at, words } = step;
  return (
    <li class={`step ${state === "failed" ? "now" : state}`} aria-current={state === "now" ? "step" : undefined}>
      <span class="step-dot">
        {state === "done" ? <Icon name="check" /> : null}
        {state === "now" ? <Glyph name="running" /> : null}
        {state === "failed" ? <Glyph name="failed" /> : null}
      </span>
      <div>
        <div class="step-head">
          <h3>{title}</h3>
          {at === undefined ? null : (
            <code class="t3">
              <Clock at={at} view={view} />
            </code>
          )}
        </div>
        <p class="t2">{words}</p>
      </div>
    </li>
  );
}

function enrolled({ hostName, host, expiresAt, revokedAt }: EnrollmentProgress, view: View): Step {
  if (host)
    return {
      state: "done",
      title: "Enrolled",
      at: host.enrolledAt,
      words: (
        <>
          {platformOf(host)}
          {host.fromIp ? (
            <>
              {" "}
              from <code>{host.fromIp}</code>
            </>
          ) : null}
          , agent {host.agentVersion}
          {host.resticVersion ? `, restic ${host.resticVersion}` : ""}
        </>
      ),
    };
  if (revokedAt !== null) return { state: "failed", title: "Token revoked", words: "It is no longer valid." };
  if (expiresAt <= view.now)
    return { state: "failed", title: "Token expired", words: "Regenerate it below to continue." };
  return {
    state: "now",
    title: `Waiting for ${hostName}…`,
    words: (
      <>
        The token expires <Ago at={expiresAt} view={view} />.
      </>
    ),
  };
}

const PROOF: Record<RepoRow["appendOnly"], string> = {
  proven: "append-only proven",
  violated: "but the repo server allows deletes. Start it with --append-only",
  unknown: "append-only not tested yet",
  not_applicable: "append-only is not supported by this kind",
};

function repository({ hostName, host, repo }: EnrollmentProgress, view: View): Step {
  if (!host || !repo) return { state: "todo", title: "Repository", words: "Opened, or created if there is none." };
  const tried = repo.statusAt === null ? "" : <> Last tried {<Ago at={repo.statusAt} view={view} />}.</>;
  switch (repo.status) {
    case "ready":
      return { state: "done", title: "Repository ready", words: PROOF[repo.appendOnly] };
    case "waiting":
      return {
        state: "now",
        title: `Waiting for the repo server to accept ${hostName}…`,
        words: (
          <>
            It responds with 401. Add the htpasswd line on the repo server. The agent retries every 15 s.{tried}
            <RootHint repo={repo} />
          </>
        ),
      };
    case "failed":
      return {
        state: "failed",
        title: "Repository not ready",
        words: (
          <>
            {repo.statusMessage} <a href={`/hosts/${host.id}/repos/${repo.id}`}>Change the credential or retry</a>.
          </>
        ),
      };
    case "unknown":
      return isBeingMade(repo)
        ? { state: "now", title: "Creating the repository…", words: "There was none at this address." }
        : { state: "now", title: "Opening the repository…", words: "It is created if there is none." };
  }
}

function firstBackup({ host, repo, backup, backupNow, replaces, paths }: EnrollmentProgress): Step {
  const title = "First backup";
  if (replaces)
    return {
      state: host && repo?.status === "ready" ? "now" : "todo",
      title: "Restore, then resume schedules",
      words: host ? (
        <>
          Schedules are paused until someone presses “Resume schedules” on <a href={`/hosts/${host.id}`}>its page</a>.
        </>
      ) : (
        "Schedules stay paused until its data is restored."
      ),
    };
  if (!backup)
    return repo?.status === "ready" && backupNow
      ? { state: "now", title, words: "About to start…" }
      : {
          state: "todo",
          title,
          words: backupNow
            ? `Starts automatically with ${formatPlural(paths, "path")}.`
            : "Start it on the host’s page.",
        };
  const link = <a href={`/jobs/${backup.id}`}>View job</a>;
  switch (backup.status) {
    case "succeeded":
      return {
        state: "done",
        title: "First backup complete",
        ...(backup.finishedAt === null ? {} : { at: backup.finishedAt }),
        words: (
          <>
            {backup.warnings > 0 ? `${formatPlural(backup.warnings, "file")} could not be read. ` : ""}
            {host ? <a href={`/hosts/${host.id}`}>Open host</a> : null}
          </>
        ),
      };
    case "failed":
    case "cancelled":
      return {
        state: "failed",
        title: `First backup ${backup.status}`,
        words: (
          <>
            {backup.errorMessage} {link}
          </>
        ),
      };
    case "queued":
      return { state: "now", title: "First backup waiting…", words: link };
    case "running":
      return {
        state: "now",
        title: "First backup running…",
        words: (
          <>
            {backup.share === null ? "" : `${formatPercent(backup.share)} `}
            {link}
          </>
        ),
      };
  }
}
