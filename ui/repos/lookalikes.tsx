// Other repos that are, or say that they are, the same repository.
import { Notice } from "../components/panels.tsx";

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
