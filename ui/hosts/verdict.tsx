// The first sentence of a host's page.
import type { Child } from "hono/jsx";
import type { HostStatus, LastBackup, SettingsProblem } from "../../shared/hosts.ts";
import type { GlyphName } from "../components/glyph.tsx";
import { Verdict } from "../components/status.tsx";
import { Ago } from "../components/time.tsx";
import { formatPercent, formatPlural } from "../format.ts";
import { topicOf } from "../jobs/warning-words.ts";
import { heldPath } from "../links.ts";
import { failureInShort } from "../repos/words.tsx";
import { may, type View } from "../view.ts";
import { notSaved } from "./problems.tsx";
import { isStuck } from "./settings-sync.tsx";

/** What the verdict is made of. Groups and repos of this host only. */
export type HostVerdictFacts = {
  id: string;
  name: string;
  status: HostStatus;
  archivedAt: number | null;
  /** New hardware took the host's place, and its data are not back yet. */
  schedulesPaused: boolean;
  lastSeenAt: number | null;
  driftSince: number | null;
  problems: readonly SettingsProblem[];
  groups: readonly {
    id: string;
    name: string;
    last: LastBackup;
    scheduled: boolean;
    lacks: string | null;
    heldSince: number | null;
  }[];
  /** The last success of the most overdue target; null when none is overdue. */
  lateSince: number | null;
  /** The primary repo's state; null when the host has none yet. */
  repo: { status: "unknown" | "waiting" | "ready" | "failed"; code: string | null } | null;
};

/** `sub` is what a tab adds in a second line. */
export function HostVerdict({ facts, view, sub }: { facts: HostVerdictFacts; view: View; sub?: Child }) {
  const { glyph, words } = verdictOf(facts, view);
  return (
    <Verdict glyph={glyph} {...(sub ? { sub } : {})}>
      {words}
    </Verdict>
  );
}

function verdictOf(facts: HostVerdictFacts, view: View) {
  const { groups, repo } = facts;
  const name = <code>{facts.name}</code>;
  if (facts.archivedAt !== null)
    return say("idle", <>{name} is archived. Its agent is shut out; its repositories were not touched.</>);
  if (repo?.status === "failed")
    return say(
      "failed",
      <>
        {name} cannot use its <a href={`/hosts/${facts.id}/repos`}>repository</a>.
        {repo.code === null ? "" : ` ${failureInShort({ statusCode: repo.code })}`}
      </>,
    );
  if (repo?.status === "waiting") return say("queued", <>The repo server does not know {name} yet.</>);

  const running = groups.find(({ last }) => last.status === "running");
  if (running?.last.status === "running") {
    const { share, jobId } = running.last;
    return say(
      "running",
      <>
        {name} is backing up{" "}
        <a href={`/jobs/${jobId}`}>
          <code>{running.name}</code>
        </a>
        {share === null ? "." : `, ${formatPercent(share)}.`}
      </>,
    );
  }
  if (notSaved(facts.problems) !== null)
    return say("failed", <>{name} could not save its settings and keeps using the previous ones, if it has any.</>);
  if (facts.schedulesPaused)
    return say("warning", <>{name} stands on new hardware; its schedules wait until its data are restored.</>);
  const failed = groups.filter(({ last }) => last.status === "failed");
  if (failed.length > 0)
    return say(
      "failed",
      <>
        {name} needs you: the last backup of <code>{failed.map((group) => group.name).join(", ")}</code> failed.
      </>,
    );
  const empty = groups.filter(({ last }) => last.status === "warning" && last.savedNothing);
  if (empty.length > 0)
    return say(
      "warning",
      <>
        {name} needs you: the last backup of <code>{empty.map((group) => group.name).join(", ")}</code> saved no files.
      </>,
    );
  if (facts.status === "offline")
    return say(
      "idle",
      facts.lastSeenAt === null ? (
        <>{name} has not connected yet.</>
      ) : (
        <>
          {name} is offline since {view.dates.near(facts.lastSeenAt, view.now)}; its agent goes on by itself and reports
          later.
        </>
      ),
    );
  const waiting = groups.find(({ last }) => last.status === "waiting");
  if (waiting)
    return say(
      "queued",
      <>
        A backup of <code>{waiting.name}</code> waits on {name}.
      </>,
    );
  const hasProblems = facts.problems.length > 0;
  const never = groups.filter(({ last }) => last.status === "never");
  if (never.length === groups.length && hasProblems)
    return say("warning", <>{name} could not apply some of its settings, and has no backup yet.</>);
  if (never.length === groups.length)
    return say("idle", <>{name} has no backup yet. Press Run now to make the first.</>);
  if (never.length > 0)
    return say(
      "warning",
      <>
        {name} is protected in part: <code>{never.map((group) => group.name).join(", ")}</code> has no backup yet.
      </>,
    );
  const partial = groups.find(({ lacks }) => lacks !== null);
  if (partial)
    return say(
      "warning",
      <>
        {name} is protected in part: there is no backup of <code>{partial.name}</code> in <code>{partial.lacks}</code>{" "}
        yet.
      </>,
    );
  if (facts.lateSince !== null)
    return say(
      "failed",
      <>
        {name} needs you: its newest good backup is from <Ago at={facts.lateSince} view={view} />, and runs have been
        due since.
      </>,
    );
  const idle = groups.filter(({ scheduled }) => !scheduled);
  if (idle.length > 0)
    return say(
      "warning",
      idle.length === groups.length ? (
        <>{name} is not scheduled: nothing is backed up unless somebody presses Run now.</>
      ) : (
        <>
          {name} is protected in part: no schedule runs <code>{idle.map((group) => group.name).join(", ")}</code>.
        </>
      ),
    );
  const warned = groups.filter(({ last }) => last.status === "warning");
  if (warned.length > 0)
    return say(
      "warning",
      <>
        {name} is protected, but the last backup of <code>{warned.map((group) => group.name).join(", ")}</code> has
        warnings: {topicsOf(warned).join(", ")}.
      </>,
    );
  const held = groups.find(({ heldSince }) => heldSince !== null);
  if (held)
    return say(
      "warning",
      <>
        {name} is protected. The retention of{" "}
        {may(view, "operator") ? (
          <a href={heldPath(facts.id, held.id)}>
            <code>{held.name}</code>
          </a>
        ) : (
          <code>{held.name}</code>
        )}{" "}
        would remove snapshots and waits for a yes.
      </>,
    );
  if (hasProblems) return say("warning", <>{name} is protected, but could not apply some of its settings.</>);
  if (isStuck(facts, view.now))
    return say(
      "warning",
      <>{name} is protected, but has not taken its newest settings: its agent’s log on the machine says why.</>,
    );
  const newest = Math.max(...groups.map(({ last }) => (last.status === "ok" ? last.at : 0)));
  const when = <Ago at={newest} view={view} />;
  return say(
    "ok",
    groups.length === 1 ? (
      <>
        {name} is protected. Its last backup ran well, {when}.
      </>
    ) : (
      <>
        {name} is protected. All {formatPlural(groups.length, "source group")} ran well, the newest {when}.
      </>
    ),
  );
}

/** What the warnings are about, each once. */
function topicsOf(groups: HostVerdictFacts["groups"]): string[] {
  const codes = groups.flatMap(({ last }) => (last.status === "warning" ? last.causes.map(({ code }) => code) : []));
  return codes.length === 0 ? ["the log of its job says which"] : [...new Set(codes)].map(topicOf);
}

function say(glyph: GlyphName, words: ReturnType<typeof HostVerdict>) {
  return { glyph, words };
}
