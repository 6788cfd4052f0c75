// Words for why a repo needs attention, and the verdict of the repos page.
import type { RepoNeed } from "../../shared/maintenance.ts";
import { Verdict } from "../components/status.tsx";
import { formatPlural } from "../format.ts";

/** Completes a sentence that begins with the repo's name. */
function repoNeedInWords(need: RepoNeed): string {
  switch (need.kind) {
    case "failed":
      return "cannot be opened";
    case "damaged":
      return "is damaged (see the job of its last check)";
    case "unreadable_snapshots":
      return need.count === 1 ? "has an unreadable snapshot" : `has ${need.count} unreadable snapshots`;
    case "violated":
      return "could be deleted by a compromised host";
    case "waiting":
      return "is waiting for its repo server";
    case "maintenance_failed":
      return `failed its last ${need.what}`;
    case "check_overdue":
      return "is overdue for a check";
    case "retention_held":
      return "has a retention change awaiting confirmation";
    case "no_admin_credential":
      return "keeps everything until it has an admin credential";
  }
}

/** For a list, if its other columns don't show it. */
export function needNote(need: RepoNeed | null): string | null {
  switch (need?.kind) {
    case "unreadable_snapshots":
      return "snapshots unreadable";
    case "check_overdue":
      return "check overdue";
    case "retention_held":
      return "needs confirmation";
    case "no_admin_credential":
      return "needs an admin credential";
    case "maintenance_failed":
      return need.what === "forget" ? "forget failed" : null;
    default:
      return null;
  }
}

const GRAVE: ReadonlySet<RepoNeed["kind"]> = new Set(["failed", "damaged", "unreadable_snapshots"]);
const NAMED = 2;

export type FleetReposVerdict = {
  total: number;
  ready: number;
  /** Worst first. */
  needy: readonly { id: string; name: string; hostId: string; hostName: string; need: RepoNeed }[];
};

export function ReposVerdict({ total, ready, needy }: FleetReposVerdict) {
  if (total === 0) return <Verdict glyph="idle">No repositories yet.</Verdict>;
  // Keeping everything is a valid choice, so it is mentioned but needs no attention.
  const loud = needy.filter(({ need }) => need.kind !== "no_admin_credential");
  const keeping = needy.length - loud.length;
  const sub = [
    `${ready} of ${formatPlural(total, "repo")} ready`,
    ...(keeping > 0
      ? [`${keeping} ${keeping === 1 ? "keeps" : "keep"} everything until you add an admin credential`]
      : []),
  ].join(" · ");
  if (loud.length > 0)
    return (
      <Verdict glyph={loud.some(({ need }) => GRAVE.has(need.kind)) ? "failed" : "warning"} sub={sub}>
        {formatPlural(loud.length, "repo needs", "repos need")} attention:{" "}
        {loud.slice(0, NAMED).map(({ id, name, hostId, hostName, need }, at) => (
          <>
            {at > 0 ? ", " : ""}
            <a href={`/hosts/${hostId}/repos/${id}`}>
              <code>{name}</code> of <code>{hostName}</code>
            </a>{" "}
            {repoNeedInWords(need)}
          </>
        ))}
        {loud.length > NAMED ? `, and ${loud.length - NAMED} more` : ""}.
      </Verdict>
    );
  if (ready < total)
    return (
      <Verdict glyph="queued" sub={sub}>
        {formatPlural(total - ready, "repo is", "repos are")} not ready yet.
      </Verdict>
    );
  return (
    <Verdict glyph="ok" {...(keeping > 0 ? { sub } : {})}>
      {total === 1 ? "Your repository is ready." : `All ${total} repositories are ready.`}
    </Verdict>
  );
}
