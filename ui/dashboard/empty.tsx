// The dashboard of a server without hosts: the first steps and a preview of the fleet.
import { LinkButton } from "../components/button.tsx";
import { CopyBox } from "../components/panels.tsx";
import { Badge, Verdict } from "../components/status.tsx";
import { GhostStrip, StripKey, StripScale } from "../components/strip.tsx";
import { PendingHosts, type PendingLine } from "../enrollment/pending.tsx";
import { Page, PageHead } from "../layout.tsx";
import { may, type View } from "../view.ts";

const GHOSTS = ["sk-1", "sk-2", "sk-3"] as const;

export type EmptyDashboardProps = {
  days: readonly string[];
  /** Starts an append-only repo server on another machine. */
  repoServerCommand: string;
  pending: readonly PendingLine[];
};

export function EmptyDashboardPage({ view, days, repoServerCommand, pending }: EmptyDashboardProps & { view: View }) {
  return (
    <Page view={view} title="Dashboard" live="/">
      <PageHead view={view}>
        <Verdict glyph="idle" sub="Run one command on a machine. Its first backup starts within a minute.">
          No hosts yet, so nothing is protected. Add your first one.
        </Verdict>
      </PageHead>
      <PendingHosts hosts={pending} view={view} />
      <div class="ways ways-2">
        <section aria-labelledby="way-host">
          <h2 id="way-host">Add a host</h2>
          <p>
            Enter its name, the paths to back up and its repository. You get one command to run on the machine, valid
            for an hour.
          </p>
          {may(view, "admin") ? (
            <LinkButton href="/hosts/new" primary icon="plus">
              Add your first host
            </LinkButton>
          ) : (
            <p class="meta">An admin can add hosts.</p>
          )}
        </section>
        <section aria-labelledby="way-repo">
          <h2 id="way-repo">No repository yet?</h2>
          <p>
            Any restic repository works. We recommend <code>rest-server</code> with <code>--append-only</code> on
            another machine, so that a compromised host cannot delete its backups.
          </p>
          <CopyBox prompt="$" text={repoServerCommand} label="Copy the rest-server command" />
        </section>
      </div>
      <section class="preview" aria-labelledby="preview-title">
        <h2 id="preview-title" class="label t2">
          Your fleet will appear here: one row per host, one cell per night.
        </h2>
        <table class="table ghost" aria-hidden="true">
          <thead>
            <tr>
              <th>Status</th>
              <th>Host</th>
              <th>
                <StripScale days={days} />
              </th>
              <th>Last backup</th>
              <th>Next run</th>
              <th class="num">Repo size</th>
              <th class="num">Snapshots</th>
            </tr>
          </thead>
          <tbody>
            {GHOSTS.map((width) => (
              <tr>
                <td>
                  <Badge glyph="idle">Never</Badge>
                </td>
                <td>
                  <span class={`skeleton ${width}`} />
                </td>
                <td>
                  <GhostStrip days={days} mark="n" />
                </td>
                <td>
                  <span class="skeleton sk-3" />
                </td>
                <td>
                  <span class="skeleton sk-2" />
                </td>
                <td class="num t3">–</td>
                <td class="num t3">–</td>
              </tr>
            ))}
          </tbody>
        </table>
        <StripKey />
      </section>
    </Page>
  );
}
