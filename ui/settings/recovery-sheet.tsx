// The recovery sheet as a printable page: credentials and restic commands for each repository.
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
  /** Its stored credential cannot be decrypted. */
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
        <Verdict sub={`Created ${view.dates.full(madeAt)}. This page is shown only once. Print it, then close it.`}>
          Recovery sheet for {formatPlural(entries.length, "repository", "repositories")}.
        </Verdict>
      </PageHead>
      <div class="sheet">
        <Notice glyph="warning" reason="Anyone with this sheet can read every backup.">
          Keep it somewhere you can reach without this server. To restore, install restic on any machine and enter the
          lines for the repository you need.
        </Notice>
        {entries.length === 0 ? <p class="t2">No repositories yet.</p> : null}
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
                The stored credential cannot be decrypted. Get this repository’s passwords from elsewhere.
              </p>
            ) : entry.commands.length === 0 ? (
              <p class="t2">This server has no credential for this repository.</p>
            ) : (
              <pre class="sheet-lines">{entry.commands.join("\n")}</pre>
            )}
          </section>
        ))}
      </div>
    </Page>
  );
}
