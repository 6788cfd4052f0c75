// A host's tab with its schedules: what they run, the last run and the next one.
import { LinkButton, Verb } from "../components/button.tsx";
import { Empty, Notice } from "../components/panels.tsx";
import { Badge } from "../components/status.tsx";
import { Ago, Near } from "../components/time.tsx";
import { formatDuration, formatPlural } from "../format.ts";
import { HostPage } from "../hosts/frame.tsx";
import type { HostHead } from "../hosts/types.ts";
import { hostPath } from "../links.ts";
import { may, type View } from "../view.ts";

/** Results of the latest run; `durationMs` spans the first start to the last end. */
export type LastRun = {
  at: number;
  jobs: number;
  ok: number;
  warned: number;
  failed: number;
  open: number;
  durationMs: number | null;
};

export type ScheduleLine = {
  id: string;
  words: string;
  cron: string;
  zone: string;
  splayMinutes: number;
  enabled: boolean;
  groups: readonly string[];
  lastRun: LastRun | null;
  nextRunAt: number | null;
};

export type SchedulesTabProps = {
  host: HostHead;
  /** All schedules are paused because the machine was replaced. */
  isPaused: boolean;
  schedules: readonly ScheduleLine[];
};

export function SchedulesTab({ view, host, isPaused, schedules }: SchedulesTabProps & { view: View }) {
  const list = hostPath(host.id, "schedules");
  const operator = may(view, "operator") && host.archivedAt === null;
  const add = (
    <LinkButton href={`${list}/new`} icon="plus">
      Add schedule
    </LinkButton>
  );
  return (
    <HostPage
      view={view}
      host={host}
      tab="schedules"
      live={list}
      rail={false}
      sub={host.archivedAt === null ? <NextSentence schedules={schedules} isPaused={isPaused} view={view} /> : null}
    >
      {isPaused ? (
        <div class="banner">
          <Notice glyph="warning" reason="All schedules of this host are paused.">
            Its machine was replaced. Press “Resume schedules” once its data is restored.
          </Notice>
        </div>
      ) : null}
      {schedules.length === 0 ? (
        <Empty title="No schedules" action={operator ? add : null}>
          <code>{host.name}</code> has no automatic backups yet. A schedule runs source groups at fixed times, even
          while this server is down.
        </Empty>
      ) : (
        <>
          <div class="between list-head">
            <p class="t2">The agent runs these by the host’s own clock, even while this server is down.</p>
            {operator ? add : null}
          </div>
          <table class="table stack sched">
            <thead>
              <tr>
                <th scope="col">Status</th>
                <th scope="col">When</th>
                <th scope="col">Source groups</th>
                <th scope="col">Last run</th>
                <th scope="col">Next run</th>
                <th scope="col">
                  <span class="vh">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {schedules.map((schedule) => (
                <Line schedule={schedule} list={list} isPaused={isPaused} operator={operator} view={view} />
              ))}
            </tbody>
          </table>
        </>
      )}
    </HostPage>
  );
}

/** "Next in 17 h: documents and photos, Sat 02:04." */
function NextSentence({ schedules, isPaused, view }: Omit<SchedulesTabProps, "host"> & { view: View }) {
  const coming = schedules.flatMap(({ enabled, nextRunAt, groups }) =>
    enabled && !isPaused && nextRunAt !== null ? [{ at: nextRunAt, groups }] : [],
  );
  const [next] = coming.sort((a, b) => a.at - b.at);
  if (!next) return <>No runs are scheduled.</>;
  return (
    <>
      Next <Ago at={next.at} view={view} />: <Names names={next.groups} />, <Near at={next.at} view={view} />.
    </>
  );
}

function Names({ names }: { names: readonly string[] }) {
  if (names.length > 3) return <>{formatPlural(names.length, "source group")}</>;
  return (
    <>
      {names.map((name, at) => (
        <>
          {at === 0 ? "" : at === names.length - 1 ? " and " : ", "}
          <code>{name}</code>
        </>
      ))}
    </>
  );
}

function Line(props: { schedule: ScheduleLine; list: string; isPaused: boolean; operator: boolean; view: View }) {
  const { schedule, list, isPaused, operator, view } = props;
  const isActive = schedule.enabled && !isPaused;
  const words = <b>{capital(schedule.words)}</b>;
  return (
    <tr id={`sc-${schedule.id}`}>
      <td class="second">{isActive ? <Badge glyph="ok">Enabled</Badge> : <Badge glyph="idle">Paused</Badge>}</td>
      <td class="first">
        {operator ? (
          <a class="row-link" href={`${list}/${schedule.id}`}>
            {words}
          </a>
        ) : (
          words
        )}
        <small>
          <code>{schedule.cron}</code> · {schedule.zone}
          {schedule.splayMinutes > 0 ? ` · splay ${schedule.splayMinutes} min` : ""}
        </small>
      </td>
      <td data-th="Source groups">
        <span class="chips">
          {schedule.groups.map((name) => (
            <span class="chip">{name}</span>
          ))}
        </span>
      </td>
      <td data-th="Last run">
        <LastRunCell run={schedule.lastRun} view={view} />
      </td>
      <td data-th="Next run">
        {!isActive ? (
          <span class="t3">none while paused</span>
        ) : schedule.nextRunAt === null ? (
          <span class="t3">never</span>
        ) : (
          <>
            <span class="t2">
              <Ago at={schedule.nextRunAt} view={view} />
            </span>
            <small>
              <Near at={schedule.nextRunAt} view={view} />
            </small>
          </>
        )}
      </td>
      <td class="num act wide">
        {operator ? (
          <span class="btns">
            <Verb
              action={`${list}/${schedule.id}/run`}
              csrf={view.csrf}
              small
              stay
              icon="play"
              label={`Run now: ${schedule.words}`}
            >
              Run now
            </Verb>
            <Verb
              action={`${list}/${schedule.id}/${schedule.enabled ? "pause" : "resume"}`}
              csrf={view.csrf}
              small
              label={`${schedule.enabled ? "Pause" : "Resume"}: ${schedule.words}`}
            >
              {schedule.enabled ? "Pause" : "Resume"}
            </Verb>
          </span>
        ) : null}
      </td>
    </tr>
  );
}

function LastRunCell({ run, view }: { run: LastRun | null; view: View }) {
  if (run === null) return <span class="t3">never</span>;
  const when = <Ago at={run.at} view={view} />;
  if (run.open > 0)
    return (
      <>
        <Badge glyph="running">running</Badge>
        <small class="is-running">
          {run.jobs - run.open} of {formatPlural(run.jobs, "job")} done
        </small>
      </>
    );
  const share = run.jobs === 1 ? "ok" : `${run.ok} of ${run.jobs} ok`;
  const took = run.durationMs === null ? "" : ` · ${formatDuration(run.durationMs)}`;
  if (run.failed > 0)
    return (
      <>
        <Badge glyph="failed">{when}</Badge>
        <small class="is-failed">{run.jobs === 1 ? "failed" : `${run.failed} of ${run.jobs} failed`}</small>
      </>
    );
  if (run.warned > 0)
    return (
      <>
        <Badge glyph="warning">{when}</Badge>
        <small class="is-warning">{formatPlural(run.warned, "job")} with warnings</small>
      </>
    );
  return (
    <>
      <span class="badge t2">{when}</span>
      <small>{`${share}${took}`}</small>
    </>
  );
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
