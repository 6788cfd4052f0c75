// The frame of a host's pages: head, key figures, tabs, and the rail with its source groups.
import type { Child } from "hono/jsx";
import type { LastBackup } from "../../shared/hosts.ts";
import { LinkButton, Verb } from "../components/button.tsx";
import { Crumbs, Tabs, Tile } from "../components/panels.tsx";
import { NightStrip, StripKey } from "../components/strip.tsx";
import { Ago, Near } from "../components/time.tsx";
import { formatBytesChange, formatCount, formatDuration, formatPercent, formatPlural, splitBytes } from "../format.ts";
import { Page, PageHead } from "../layout.tsx";
import { deletionHoldsPath, type HostTab, heldPath, hostPath } from "../links.ts";
import { may, type View } from "../view.ts";
import { Banner } from "./banner.tsx";
import { HostLine } from "./line.tsx";
import type { HostHead, RailGroup } from "./types.ts";
import { HostVerdict } from "./verdict.tsx";
import { warningsInShort, warningsInWords } from "./words.tsx";

/** `live` is the tab's own address with its filters; null on pages with forms. */
export function HostPage({
  view,
  host,
  tab,
  live,
  rail,
  sub,
  children,
}: {
  view: View;
  host: HostHead;
  tab: HostTab;
  live: string | null;
  rail: boolean;
  /** A second line below the verdict. */
  sub?: Child;
  children: Child;
}) {
  return (
    <Page view={view} title={host.name} {...(live === null ? {} : { live })}>
      <Crumbs crumbs={[{ label: "Dashboard", href: "/" }, { label: <code>{host.name}</code> }]} />
      <PageHead
        view={view}
        live={live !== null}
        tools={may(view, "operator") ? <LinkButton href={deletionHoldsPath(host.id)}>Hold deletion…</LinkButton> : null}
      >
        <div class="host-head">
          <HostVerdict facts={tab === "repos" ? withoutReason(host) : host} view={view} {...(sub ? { sub } : {})} />
          <HostLine host={host} view={view} />
        </div>
      </PageHead>
      <Banner host={host} view={view} />
      <Vitals host={host} view={view} />
      <Tabs
        label={host.name}
        tabs={[
          { label: "Snapshots", href: hostPath(host.id), count: host.snapshotCount, current: tab === "snapshots" },
          {
            label: "Sources",
            href: hostPath(host.id, "sources"),
            count: host.groups.length,
            current: tab === "sources",
          },
          {
            label: "Schedules",
            href: hostPath(host.id, "schedules"),
            count: host.scheduleCount,
            current: tab === "schedules",
          },
          { label: "Repos", href: hostPath(host.id, "repos"), count: host.repoCount, current: tab === "repos" },
          { label: "Jobs", href: hostPath(host.id, "jobs"), current: tab === "jobs" },
          { label: "Settings", href: hostPath(host.id, "settings"), current: tab === "settings" },
        ]}
      />
      {rail ? (
        <div class="with-rail">
          <div>{children}</div>
          <Rail host={host} view={view} />
        </div>
      ) : (
        children
      )}
    </Page>
  );
}

/** The list of repos already shows the reason. */
function withoutReason(host: HostHead): HostHead {
  return { ...host, repo: host.repo && { ...host.repo, code: null } };
}

function Vitals({ host, view }: { host: HostHead; view: View }) {
  const done = host.groups.filter(({ last }) => "at" in last);
  const newest = done.reduce<RailGroup | null>((a, b) => (a && at(a) > at(b) ? a : b), null);
  const size = host.repoSizeBytes === null ? null : splitBytes(host.repoSizeBytes);
  return (
    <section class="tiles" aria-label="Key figures">
      <Tile
        label="Last backup"
        figure={newest ? <Ago at={at(newest)} view={view} /> : "never"}
        note={newest ? noteOf(newest) : "no backup yet"}
      />
      <Tile
        label="Next run"
        figure={host.nextRunAt === null ? "manual" : <Ago at={host.nextRunAt} view={view} />}
        href={hostPath(host.id, "schedules")}
        note={host.nextRunAt === null ? "not scheduled" : <Near at={host.nextRunAt} view={view} />}
      />
      <Tile
        label="Repo size"
        figure={size?.figure ?? "–"}
        unit={size?.unit}
        href={hostPath(host.id, "repos")}
        note={
          formatPlural(host.repoCount, "repo") +
          (host.sizeChangeBytes === null ? "" : ` · ${formatBytesChange(host.sizeChangeBytes)} this week`)
        }
      />
      <Tile
        label="Snapshots"
        figure={formatCount(host.snapshotCount)}
        note={host.oldestSnapshotAt === null ? "none yet" : `oldest ${view.dates.date(host.oldestSnapshotAt)}`}
      />
    </section>
  );
}

function at({ last }: RailGroup): number {
  return "at" in last ? last.at : 0;
}

function noteOf({ name, last }: RailGroup): string {
  if (last.status === "ok") return last.durationMs === null ? name : `${name} · ${formatDuration(last.durationMs)}`;
  if (last.status === "warning") return `${name} · ${warningsInWords(last)}`;
  return `${name} · failed`;
}

function Rail({ host, view }: { host: HostHead; view: View }) {
  return (
    <aside class="rail" aria-label="Source groups">
      <div>
        <h2>Source groups</h2>
        {host.groups.map((group) => (
          <div class="group" id={`g-${group.id}`}>
            <div>
              {may(view, "operator") ? (
                <a class="host-name plain" href={`/hosts/${host.id}/sources/${group.id}`}>
                  {group.name}
                </a>
              ) : (
                <span class="host-name">{group.name}</span>
              )}
              <div class="meta">
                <GroupState last={group.last} view={view} />
                {group.scheduled || host.archivedAt !== null ? null : <span class="is-warning"> · not scheduled</span>}
                {group.heldSince === null || host.archivedAt !== null ? null : (
                  <span class="is-warning">
                    {" · "}
                    {may(view, "operator") ? (
                      <a href={heldPath(host.id, group.id)}>retention needs confirmation</a>
                    ) : (
                      "retention needs confirmation"
                    )}
                  </span>
                )}
              </div>
            </div>
            <GroupVerb host={host} group={group} view={view} />
            <NightStrip
              label={group.name}
              query={`host_id=${host.id}&source_group_id=${group.id}`}
              days={host.days}
              outcomes={group.outcomes}
            />
          </div>
        ))}
        <StripKey short />
      </div>
    </aside>
  );
}

function GroupState({ last, view }: { last: LastBackup; view: View }) {
  switch (last.status) {
    case "never":
      return "no runs yet";
    case "waiting":
      return "waiting for the host";
    case "running":
      return <span class="is-running">running{last.share === null ? "" : ` ${formatPercent(last.share)}`}</span>;
    case "ok":
      return (
        <>
          ok <Ago at={last.at} view={view} />
          {last.durationMs === null ? "" : ` · ${formatDuration(last.durationMs)}`}
        </>
      );
    case "warning":
      return (
        <span class="is-warning" title={warningsInWords(last)}>
          {warningsInShort(last)} <Ago at={last.at} view={view} />
        </span>
      );
    case "failed":
      return (
        <span class="is-failed">
          failed <Ago at={last.at} view={view} />
        </span>
      );
  }
}

function GroupVerb({ host, group, view }: { host: HostHead; group: RailGroup; view: View }) {
  const { last } = group;
  if (last.status === "running" || last.status === "waiting")
    return (
      <LinkButton href={`/jobs/${last.jobId}`} small label={`View job of ${group.name}`}>
        View job
      </LinkButton>
    );
  if (!may(view, "operator") || host.archivedAt !== null) return null;
  return (
    <Verb
      action={`/hosts/${host.id}/sources/${group.id}/run`}
      csrf={view.csrf}
      small
      icon="play"
      label={`Run now: ${group.name}`}
    >
      Run now
    </Verb>
  );
}
