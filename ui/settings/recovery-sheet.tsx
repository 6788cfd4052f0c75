// The recovery sheet as a page to print: per repository what opens it, and what to type.
import { Notice } from "../components/panels.tsx";
import { Verdict } from "../components/status.tsx";
import { formatPlural } from "../format.ts";
import { Page, PageHead } from "../layout.tsx";
import type { View } from "../view.ts";

export type SheetLine = {
  hostName: string;
  isArchived: boolean;
  repoName: string;
  isRemoved: boolean;
  kind: string;
  /** Its stored credential does not open. */
  isUnreadable: boolean;
  commands: readonly string[];
};

export function RecoverySheetPage({
  view,
  entries,
  madeAt,
}: {
  view: View;
  entries: readonly SheetLine[];
  /** Unix ms. */
  madeAt: number;
}) {
  return (
    <Page view={view} title="Recovery sheet">
      <PageHead view={view}>
        <Verdict sub={`Made ${view.dates.full(madeAt)}. This page is shown once; print it, then close it.`}>
          Recovery sheet of {formatPlural(entries.length, "repository", "repositories")}.
        </Verdict>
      </PageHead>
      <div class="sheet">
        <Notice glyph="warning" reason="Whoever holds this sheet can read every backup.">
          Keep it where you would look when this server is gone. On any machine: install restic, then type the lines of
          the repository that you need.
        </Notice>
        {entries.length === 0 ? <p class="t2">There is no repository yet.</p> : null}
        {entries.map((entry) => (
          <section class="sheet-entry">
            <h2>
              <code>{entry.hostName}</code> · {entry.repoName}{" "}
              <small class="t2">
                {[entry.kind, entry.isArchived ? "host archived" : "", entry.isRemoved ? "removed from the host" : ""]
                  .filter(Boolean)
                  .join(", ")}
              </small>
            </h2>
            {entry.isUnreadable ? (
              <p class="is-failed">
                The stored credential does not open. Take this repository’s passwords from elsewhere.
              </p>
            ) : entry.commands.length === 0 ? (
              <p class="t2">No credential of this repository is stored here.</p>
            ) : (
              <pre class="sheet-lines">{entry.commands.join("\n")}</pre>
            )}
          </section>
        ))}
      </div>
    </Page>
  );
}
