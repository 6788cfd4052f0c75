// The verdict of a host's page.
import type { Child } from "hono/jsx";
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
import type { HostVerdictFacts } from "./types.ts";

/** `sub` is a tab's own second line. */
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
    return say("idle", <>{name} is archived. Its agent has no access. Its repositories were not touched.</>);
  if (repo?.status === "failed")
    return say(
      "failed",
      <>
        {name} cannot use its <a href={`/hosts/${facts.id}/repos`}>repository</a>.
        {repo.code === null ? "" : ` ${failureInShort({ statusCode: repo.code })}`}
      </>,
    );
  if (repo?.status === "waiting") return say("queued", <>{name} cannot sign in to its repo server yet.</>);

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
    return say("failed", <>{name} could not save its settings. It keeps the previous ones, if it has any.</>);
  if (facts.schedulesPaused)
    return say("warning", <>{name} is on new hardware. Its schedules are paused until its data is restored.</>);
  const failed = groups.filter(({ last }) => last.status === "failed");
  if (failed.length > 0)
    return say(
      "failed",
      <>
        {name} needs attention: the last backup of <code>{failed.map((group) => group.name).join(", ")}</code> failed.
      </>,
    );
  const empty = groups.filter(({ last }) => last.status === "warning" && last.savedNothing);
  if (empty.length > 0)
    return say(
      "warning",
      <>
        {name} needs attention: the last backup of <code>{empty.map((group) => group.name).join(", ")}</code> saved no
        files.
      </>,
    );
  if (facts.status === "offline")
    return say(
      "idle",
      facts.lastSeenAt === null ? (
        <>{name} has not connected yet.</>
      ) : (
        <>
          {name} has been offline since {view.dates.near(facts.lastSeenAt, view.now)}. Its agent keeps its schedules and
          reports when it is back.
        </>
      ),
    );
  const waiting = groups.find(({ last }) => last.status === "waiting");
  if (waiting)
    return say(
      "queued",
      <>
        A backup of <code>{waiting.name}</code> is waiting for {name}.
      </>,
    );
  const hasProblems = facts.problems.length > 0;
  const never = groups.filter(({ last }) => last.status === "never");
  if (never.length === groups.length && hasProblems)
    return say("warning", <>{name} has no backup yet and could not apply some of its settings.</>);
  if (never.length === groups.length)
    return say("idle", <>{name} has no backup yet. Press Run now to start the first one.</>);
  if (never.length > 0)
    return say(
      "warning",
      <>
        {name} is only partly protected: <code>{never.map((group) => group.name).join(", ")}</code> has no backup yet.
      </>,
    );
  const partial = groups.find(({ lacks }) => lacks !== null);
  if (partial)
    return say(
      "warning",
      <>
        {name} is only partly protected: <code>{partial.lacks}</code> has no backup of <code>{partial.name}</code> yet.
      </>,
    );
  if (facts.lateSince !== null)
    return say(
      "failed",
      <>
        {name} needs attention: its last successful backup was <Ago at={facts.lateSince} view={view} /> and at least one
        run has been missed since.
      </>,
    );
  const idle = groups.filter(({ scheduled }) => !scheduled);
  if (idle.length > 0)
    return say(
      "warning",
      idle.length === groups.length ? (
        <>{name} has no schedule. Backups run only when someone presses Run now.</>
      ) : (
        <>
          {name} is only partly protected: <code>{idle.map((group) => group.name).join(", ")}</code>{" "}
          {idle.length === 1 ? "has" : "have"} no schedule.
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
        {name} is protected. A retention change for{" "}
        {may(view, "operator") ? (
          <a href={heldPath(facts.id, held.id)}>
            <code>{held.name}</code>
          </a>
        ) : (
          <code>{held.name}</code>
        )}{" "}
        would remove snapshots and needs confirmation.
      </>,
    );
  if (hasProblems) return say("warning", <>{name} is protected but could not apply some of its settings.</>);
  if (isStuck(facts, view.now))
    return say(
      "warning",
      <>{name} is protected but has not applied its latest settings. See the agent’s log on the machine.</>,
    );
  const newest = Math.max(...groups.map(({ last }) => (last.status === "ok" ? last.at : 0)));
  const when = <Ago at={newest} view={view} />;
  return say(
    "ok",
    groups.length === 1 ? (
      <>
        {name} is protected. Its last backup succeeded {when}.
      </>
    ) : (
      <>
        {name} is protected. All {formatPlural(groups.length, "source group")} were backed up, the latest {when}.
      </>
    ),
  );
}

/** The topics of the warnings, each once. */
function topicsOf(groups: HostVerdictFacts["groups"]): string[] {
  const codes = groups.flatMap(({ last }) => (last.status === "warning" ? last.causes.map(({ code }) => code) : []));
  return codes.length === 0 ? ["see the job’s log"] : [...new Set(codes)].map(topicOf);
}

function say(glyph: GlyphName, words: ReturnType<typeof HostVerdict>) {
  return { glyph, words };
}
