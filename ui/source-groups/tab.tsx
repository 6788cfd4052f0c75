// A host's tab with its source groups: paths, retention, recent nights, and Run now.
import type { SourceGroupRow } from "../../db/schema/source-groups.ts";
import type { LastBackup } from "../../shared/hosts.ts";
import type { StripDay } from "../../shared/nights.ts";
import { retentionInWords } from "../../shared/retention.ts";
import { LinkButton, OpenButton, Verb } from "../components/button.tsx";
import { ConfirmDialog } from "../components/floats.tsx";
import { NightStrip, StripKey, StripScale } from "../components/strip.tsx";
import { formatPlural } from "../format.ts";
import { HostPage } from "../hosts/frame.tsx";
import type { HostHead } from "../hosts/types.ts";
import { LastBackupCell } from "../hosts/words.tsx";
import { hostPath } from "../links.ts";
import { may, type View } from "../view.ts";

export type SourceGroupLine = Pick<
  SourceGroupRow,
  "id" | "name" | "tag" | "includes" | "excludes" | "retention" | "retentionHeldSince"
> & {
  /** Enabled schedules that run it, in words. */
  schedules: readonly string[];
  last: LastBackup;
  outcomes: readonly StripDay[];
};

export function SourcesTab({ view, host, groups }: { view: View; host: HostHead; groups: readonly SourceGroupLine[] }) {
  const operator = may(view, "operator") && host.archivedAt === null;
  return (
    <HostPage view={view} host={host} tab="sources" live={hostPath(host.id, "sources")} rail={false}>
      <div class="between list-head">
        <p class="t2">What this host backs up. Each source group has its own paths, retention and schedules.</p>
        {operator ? (
          <LinkButton href={`${hostPath(host.id, "sources")}/new`} icon="plus">
            Add source group
          </LinkButton>
        ) : null}
      </div>
      <table class="table stack groups">
        <thead>
          <tr>
            <th scope="col">Group</th>
            <th scope="col">Paths</th>
            <th scope="col">Keeps</th>
            <th scope="col" class="c-strip">
              <span class="vh">Last 30 nights</span>
              <StripScale days={host.days} />
            </th>
            <th scope="col">Last backup</th>
            <th scope="col" class="c-act">
              <span class="vh">Run now</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <tr id={`g-${group.id}`}>
              <td class="first">
                {operator ? (
                  <a class="row-link host-name" href={`${hostPath(host.id, "sources")}/${group.id}`}>
                    {group.name}
                  </a>
                ) : (
                  <span class="host-name">{group.name}</span>
                )}
                {group.tag === group.name ? null : (
                  <small>
                    tag <code>{group.tag}</code>
                  </small>
                )}
                <ScheduleWords group={group} />
              </td>
              <td data-th="Paths" class="wide">
                <Paths group={group} />
              </td>
              <td data-th="Keeps" class="wide keeps">
                <span class="t2">{retentionInWords(group.retention)}</span>
                {group.retentionHeldSince === null ? null : (
                  <small class="is-warning">retention needs confirmation</small>
                )}
              </td>
              <td class="wide">
                <NightStrip
                  label={group.name}
                  query={`host_id=${host.id}&source_group_id=${group.id}`}
                  days={host.days}
                  outcomes={group.outcomes}
                />
              </td>
              <td data-th="Last backup">
                <LastBackupCell last={group.last} view={view} />
              </td>
              <td class="num act">
                {operator ? (
                  <span class="btns">
                    <Verb
                      action={`${hostPath(host.id, "sources")}/${group.id}/run`}
                      csrf={view.csrf}
                      small
                      icon="play"
                      label={`Run now: ${group.name}`}
                    >
                      Run now
                    </Verb>
                    <OpenButton dialog={`limits-${group.id}`} small label={`Run ${group.name} with limits`}>
                      Limits…
                    </OpenButton>
                  </span>
                ) : null}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {operator ? groups.map((group) => <RunWithLimits host={host} group={group} view={view} />) : null}
      <div class="foot">
        <StripKey />
        <span>{formatPlural(groups.length, "source group")}</span>
      </div>
    </HostPage>
  );
}

function ScheduleWords({ group }: { group: SourceGroupLine }) {
  if (group.schedules.length === 0) return <small class="is-warning">not scheduled</small>;
  return <small>{group.schedules.join(", ")}</small>;
}

/** Starts a run whose limits override the host's. */
function RunWithLimits({ host, group, view }: { host: HostHead; group: SourceGroupLine; view: View }) {
  const id = `limits-${group.id}`;
  return (
    <ConfirmDialog
      id={id}
      title={
        <>
          Run <code>{group.name}</code> with limits
        </>
      }
      action={`${hostPath(host.id, "sources")}/${group.id}/run`}
      csrf={view.csrf}
      keep="Cancel"
      verb="Run now"
      calm
    >
      <p>Applies to this run only. Leave both empty to use the host’s limits.</p>
      <div class="fields-2">
        <RateField scope={id} name="up_kbps" label="Upload (KiB/s)" />
        <RateField scope={id} name="down_kbps" label="Download (KiB/s)" />
      </div>
    </ConfirmDialog>
  );
}

function RateField({ scope, name, label }: { scope: string; name: string; label: string }) {
  return (
    <div class="field">
      <label for={`${scope}-${name}`}>{label}</label>
      <input
        class="input mono"
        id={`${scope}-${name}`}
        name={name}
        inputmode="numeric"
        pattern="[0-9]{1,9}"
        autocomplete="off"
        placeholder="no limit"
      />
    </div>
  );
}

function Paths({ group }: { group: SourceGroupLine }) {
  const shown = group.includes.slice(0, 3);
  const more = group.includes.length - shown.length;
  return (
    <>
      <code>{shown.join("  ")}</code>
      {more > 0 ? <span class="t3"> + {formatPlural(more, "path")}</span> : null}
      {group.excludes.length > 0 ? <small>{formatPlural(group.excludes.length, "exclude")}</small> : null}
    </>
  );
}
