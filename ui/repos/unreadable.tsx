// Snapshots whose files are damaged: which, and what to do.
import { Notice } from "../components/panels.tsx";
import { formatPlural } from "../format.ts";

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
