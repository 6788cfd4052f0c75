// What the page of a repo warns about: other repos that are the same repository, and damaged snapshots.
import { Notice } from "../components/panels.tsx";
import { formatPlural } from "../format.ts";

export type Sharer = { hostName: string; name: string; href: string };

export function RepoLinks({ repos }: { repos: readonly Sharer[] }) {
  return (
    <>
      {repos.map((repo, at) => (
        <>
          {at > 0 ? ", " : ""}
          <a href={repo.href}>
            <code>{repo.hostName}</code> · {repo.name}
          </a>
        </>
      ))}
    </>
  );
}

/** Said of both: which of them is the copy nobody can tell from here. */
export function LookalikeNotice({ lookalikes }: { lookalikes: readonly Sharer[] }) {
  if (lookalikes.length === 0) return null;
  return (
    <Notice glyph="warning" reason="Looks like a copy.">
      <RepoLinks repos={lookalikes} /> {lookalikes.length === 1 ? "tells" : "tell"} the same repository id at another
      address: one is a copy of the other, or the same one is reached another way. Each is maintained by itself.
    </Notice>
  );
}

const NAMED = 10;

export function UnreadableSnapshots({ ids }: { ids: readonly string[] }) {
  if (ids.length === 0) return null;
  const more = ids.length - NAMED;
  return (
    <Notice glyph="failed" reason={`${formatPlural(ids.length, "snapshot")} cannot be read.`}>
      {ids.length === 1 ? "Its file is damaged: " : "Their files are damaged: "}
      {ids.slice(0, NAMED).map((id, at) => (
        <>
          {at > 0 ? ", " : ""}
          <code title={id}>{id.slice(0, 8)}</code>
        </>
      ))}
      {more > 0 ? ` and ${more} more` : ""}. Backups into this repository may fail until the{" "}
      {ids.length === 1 ? "file is" : "files are"} taken out of the folder <code>snapshots</code> on the repo server.
      Keep
      {ids.length === 1 ? " it" : " them"}, then run a check.
    </Notice>
  );
}
