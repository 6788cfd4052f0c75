// The page that adds or edits a schedule: cron expression, time zone, next runs, source groups and splay.

import type { FormState } from "../../shared/pages.ts";
import { type Retention, retentionInWords } from "../../shared/retention.ts";
import type { Explanation } from "../../shared/time/cron-words.ts";
import { EditorForm, type Seen } from "../components/editor-form.tsx";
import {
  Checkbox,
  FieldError,
  FormMessage,
  isChecked,
  NumberField,
  SelectField,
  TextField,
} from "../components/field.tsx";
import { ConfirmDialog } from "../components/floats.tsx";
import { Empty, LedgerSection } from "../components/panels.tsx";
import { Verdict } from "../components/status.tsx";
import { HostSubPage } from "../hosts/sub-page.tsx";
import { PageHead } from "../layout.tsx";
import { hostPath } from "../links.ts";
import type { View } from "../view.ts";
import { ExplainBox } from "./explain.tsx";

export type ScheduleEditorProps = {
  host: { id: string; name: string };
  hostZone: string;
  zones: readonly string[];
  /** Initial field values; `id` is null for a new schedule. */
  schedule: {
    id: string | null;
    cron: string;
    timezone: string | null;
    splayMinutes: number;
    enabled: boolean;
  };
  words: string;
  groups: readonly { id: string; name: string; includes: readonly string[]; retention: Retention; chosen: boolean }[];
  explanation: Explanation | null;
  today: string;
  /** Null for a new schedule. */
  seen: Seen | null;
  form: FormState;
};

const PICKS = [
  { label: "Hourly", cron: "0 * * * *" },
  { label: "Every 6 h", cron: "0 */6 * * *" },
  { label: "Nightly 02:00", cron: "0 2 * * *" },
  { label: "Weekdays 19:00", cron: "0 19 * * mon-fri" },
  { label: "Sundays 04:00", cron: "0 4 * * sun" },
  { label: "Monthly", cron: "0 3 1 * *" },
] as const;

export function ScheduleEditor({ view, ...data }: ScheduleEditorProps & { view: View }) {
  const { host, schedule, form } = data;
  const list = hostPath(host.id, "schedules");
  const path = schedule.id ? `${list}/${schedule.id}` : `${list}/new`;
  const hostName = <code>{host.name}</code>;
  const title = schedule.id ? "Edit schedule" : "New schedule";
  return (
    <HostSubPage
      view={view}
      title={`${title} on ${host.name}`}
      host={host}
      tab="schedules"
      here={schedule.id ? data.words : "New"}
    >
      <PageHead view={view}>
        {schedule.id === null ? (
          <Verdict>New schedule on {hostName}</Verdict>
        ) : schedule.enabled ? (
          <Verdict glyph="ok">
            Runs {data.words} on {hostName}
          </Verdict>
        ) : (
          <Verdict glyph="idle">
            Paused. Would run {data.words} on {hostName}
          </Verdict>
        )}
      </PageHead>
      {data.groups.length === 0 ? (
        <Empty
          title="No source groups yet"
          action={<a href={`${hostPath(host.id, "sources")}/new`}>Add source group</a>}
        >
          A schedule runs source groups, and this host has none yet.
        </Empty>
      ) : (
        <EditorForm
          action={path}
          csrf={view.csrf}
          seen={data.seen}
          form={form}
          noun="schedule"
          back={list}
          deletes="delete-schedule"
        >
          <FormMessage form={form} />
          <WhenSection {...data} list={list} now={view.now} />
          <GroupsSection {...data} />
          <DetailsSection {...data} />
        </EditorForm>
      )}
      {schedule.id ? (
        <ConfirmDialog
          id="delete-schedule"
          title="Delete this schedule?"
          action={`${path}/delete`}
          csrf={view.csrf}
          verb="Delete schedule"
        >
          <p>Its source groups stay. Those without another schedule are then shown as “not scheduled”.</p>
        </ConfirmDialog>
      ) : null}
    </HostSubPage>
  );
}

function WhenSection(props: ScheduleEditorProps & { list: string; now: number }) {
  const { schedule, form, hostZone, zones, explanation, list, now, today } = props;
  const cron = form.values.cron ?? schedule.cron;
  return (
    <LedgerSection
      id="when-title"
      title="When"
      about="The agent runs schedules by the host’s own clock, even while this server is down. Missed runs are caught up."
    >
      <div class="fields">
        <fieldset class="field">
          <legend>Quick picks</legend>
          <div class="chips">
            {PICKS.map((pick) => (
              <button
                class="chip chip-l"
                type="submit"
                name="pick"
                value={pick.cron}
                formnovalidate
                data-fill="cron"
                aria-pressed={cron.trim() === pick.cron ? "true" : "false"}
              >
                {pick.label}
              </button>
            ))}
          </div>
        </fieldset>
        <div class="fields-2">
          <TextField
            name="cron"
            label="Cron expression"
            form={form}
            value={schedule.cron}
            mono
            required
            maxlength={200}
            autocomplete="off"
            hint="minute · hour · day · month · weekday"
          />
          <SelectField
            name="timezone"
            label="Time zone"
            form={form}
            value={schedule.timezone ?? ""}
            options={[
              { value: "", label: `${hostZone} (host’s time zone)` },
              ...zones.map((zone) => ({ value: zone, label: zone })),
            ]}
          />
        </div>
        <ExplainBox
          explanation={explanation}
          path={`${list}/explain${schedule.id ? `?schedule=${schedule.id}` : ""}`}
          now={now}
          today={today}
        />
        <noscript>
          <button class="btn" type="submit" name="pick" value="">
            Show next runs
          </button>
        </noscript>
      </div>
    </LedgerSection>
  );
}

function GroupsSection({ groups, form }: ScheduleEditorProps) {
  const error = form.errors.source_group_ids;
  return (
    <LedgerSection id="groups-title" title="Source groups" about="Each source group gets one job per repo.">
      <div class="rows" id="source_group_ids">
        <div class="cards">
          {groups.map(({ id, name, includes, retention, chosen }) => (
            <label class="check card">
              <input
                type="checkbox"
                name="source_group_ids"
                value={id}
                checked={isChecked(form, "source_group_ids", id, chosen)}
                {...(error ? { "aria-describedby": "source_group_ids-error" } : {})}
              />
              <span>
                <b class="host-name">{name}</b>
                <small>
                  <code>
                    {includes[0]}
                    {includes.length > 1 ? ` + ${includes.length - 1}` : ""}
                  </code>
                </small>
                <small>keeps {retentionInWords(retention)}</small>
              </span>
            </label>
          ))}
        </div>
        {error ? <FieldError id="source_group_ids-error">{error}</FieldError> : null}
      </div>
    </LedgerSection>
  );
}

function DetailsSection({ schedule, form }: ScheduleEditorProps) {
  return (
    <LedgerSection id="details-title" title="Details">
      <div class="fields">
        <div class="fields-2">
          <NumberField
            name="splay_minutes"
            label="Splay (min)"
            form={form}
            value={String(schedule.splayMinutes)}
            digits={3}
            hint="Delays every run by a fixed time of up to this many minutes, so that hosts don’t all start at once"
          />
          <div class="field">
            <span class="label">State</span>
            <Checkbox
              name="enabled"
              label="Enabled"
              hint="When off, this schedule never fires"
              checked={schedule.enabled}
              form={form}
            />
          </div>
        </div>
      </div>
    </LedgerSection>
  );
}
