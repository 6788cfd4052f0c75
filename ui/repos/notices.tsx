// Notices on a repo's page: possible copies of the repository, and damaged snapshots.
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

/** Shown for both repos, since the server cannot tell which one is the copy. */
export function LookalikeNotice({ lookalikes }: { lookalikes: readonly Sharer[] }) {
  if (lookalikes.length === 0) return null;
  return (
    <Notice glyph="warning" reason="This may be a copy.">
      <RepoLinks repos={lookalikes} /> {lookalikes.length === 1 ? "has" : "have"} the same repository ID at another
      address. Either one is a copy of the other, or both addresses lead to the same repository. Each is maintained
      separately.
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
      {more > 0 ? ` and ${more} more` : ""}. Backups to this repository may fail until you move the{" "}
      {ids.length === 1 ? "file" : "files"} out of the <code>snapshots</code> folder on the repo server. Keep{" "}
      {ids.length === 1 ? " it" : " them"}, then run a check.
    </Notice>
  );
}
