// A host's settings tab: name, tags, time zone, bandwidth, hooks, re-enrolment, archive and purge.
import type { HostRow } from "../../db/schema/hosts.ts";
import type { FormState } from "../../shared/pages.ts";
import { OpenButton, SubmitButton, Verb } from "../components/button.tsx";
import { Checkbox, Csrf, FormMessage, TextField } from "../components/field.tsx";
import { ConfirmDialog } from "../components/floats.tsx";
import { FactRows, LedgerSection } from "../components/panels.tsx";
import { formatPlural } from "../format.ts";
import { hostPath } from "../links.ts";
import { HooksSection } from "../source-groups/hooks.tsx";
import { may, type View } from "../view.ts";
import { BandwidthSection } from "./bandwidth.tsx";
import { HostPage } from "./frame.tsx";
import type { HostHead } from "./types.ts";

export type HostSettingsProps = {
  host: HostHead;
  facts: Pick<
    HostRow,
    | "resticHost"
    | "hostname"
    | "timezone"
    | "timezoneOverride"
    | "roaming"
    | "enrolledAt"
    | "bandwidthUpKbps"
    | "bandwidthDownKbps"
  >;
  form: FormState;
  /** Why a purge was refused, shown beside its field. */
  purgeError: string | null;
  bandwidthForm: FormState;
  /** For admins. */
  hooks: {
    allowed: boolean | null;
    pre: string | null;
    post: string | null;
    unreadable: readonly ("pre" | "post")[];
    hook_shell: string | null;
    form: FormState;
  } | null;
};

export function HostSettings({
  view,
  host,
  facts,
  form,
  purgeError,
  bandwidthForm,
  hooks,
}: HostSettingsProps & { view: View }) {
  const path = hostPath(host.id, "settings");
  const editable = may(view, "operator") && host.archivedAt === null;
  return (
    <HostPage view={view} host={host} tab="settings" live={null} rail={false}>
      <div class="ledger editor-plain">
        <LedgerSection
          id="general"
          title="General"
          about="The host name is a display name. Snapshots keep the machine’s own name."
        >
          {editable ? (
            <form method="post" action={path} class="fields">
              <Csrf token={view.csrf} />
              <FormMessage form={form} />
              <div class="fields-2">
                <TextField
                  name="name"
                  label="Host name"
                  form={form}
                  value={host.name}
                  mono
                  required
                  maxlength={64}
                  autocomplete="off"
                />
                <TextField
                  name="tags"
                  label="Tags"
                  form={form}
                  value={host.tags.join(", ")}
                  autocomplete="off"
                  hint="Comma-separated. Used to filter hosts"
                />
              </div>
              <div class="fields-2">
                <TextField
                  name="timezone_override"
                  label="Time zone"
                  form={form}
                  value={facts.timezoneOverride ?? ""}
                  placeholder={facts.timezone}
                  mono
                  autocomplete="off"
                  hint={`Leave empty to use the machine’s own, ${facts.timezone}. The night strip’s days end in this zone`}
                />
                <Checkbox
                  name="roaming"
                  label="Roaming"
                  hint="Often away, such as a laptop. Being offline is normal"
                  checked={facts.roaming}
                  form={form}
                />
              </div>
              <div class="btns">
                <SubmitButton primary>Save settings</SubmitButton>
              </div>
            </form>
          ) : (
            <FactRows
              facts={[
                ["Host name", <code>{host.name}</code>],
                ["Tags", host.tags.join(", ") || "none"],
              ]}
            />
          )}
        </LedgerSection>
        <BandwidthSection
          action={`/hosts/${host.id}/bandwidth`}
          csrf={view.csrf}
          limits={facts}
          form={bandwidthForm}
          editable={editable}
        />
        {hooks ? (
          <HooksSection
            {...hooks}
            action={`/hosts/${host.id}/hooks`}
            csrf={view.csrf}
            hostName={host.name}
            os={host.os}
            byDefault={null}
            shell={hooks.hook_shell}
          />
        ) : null}
        <LedgerSection id="identity" title="Identity" about="Set at enrolment. Can’t be changed.">
          <FactRows
            facts={[
              ["Name in snapshots", <code>{facts.resticHost}</code>],
              ["Machine’s host name", <code>{facts.hostname}</code>],
              ["Enrolled", view.dates.full(facts.enrolledAt)],
              ["Host ID", <code>{host.id}</code>],
            ]}
          />
        </LedgerSection>
        {may(view, "admin") && host.archivedAt === null ? <Machine host={host} view={view} /> : null}
        {may(view, "admin") ? <Danger host={host} purgeError={purgeError} view={view} /> : null}
      </div>
    </HostPage>
  );
}

function Machine({ host, view }: { host: HostHead; view: View }) {
  const name = <code>{host.name}</code>;
  return (
    <LedgerSection
      id="machine"
      title="Machine"
      about="Each creates a one-time command, valid for an hour. Repos, source groups and snapshots stay with the host."
    >
      <ul class="danger-list">
        <li>
          <div>
            <b>Replace the machine</b>
            <p class="t2">
              Moves {name} to new hardware. The old agent loses access, and schedules stay paused until you have
              restored the data.
            </p>
          </div>
          <OpenButton dialog="replace">Replace…</OpenButton>
        </li>
        <li>
          <div>
            <b>Re-enrol this machine</b>
            <p class="t2">For an agent that was removed or lost its identity. Schedules continue at once.</p>
          </div>
          <Verb action={`/hosts/${host.id}/re-enroll`} csrf={view.csrf}>
            Create command
          </Verb>
        </li>
      </ul>
      <ConfirmDialog
        id="replace"
        title={<>Replace the machine of {name}?</>}
        action={`/hosts/${host.id}/replace`}
        csrf={view.csrf}
        keep="Cancel"
        verb="Create command"
      >
        <p>
          Nothing changes until the new machine runs the command. Then the old agent loses access, and schedules stay
          paused until you press “Resume schedules” on this host’s page.
        </p>
      </ConfirmDialog>
    </LedgerSection>
  );
}

function Danger({ host, purgeError, view }: { host: HostHead; purgeError: string | null; view: View }) {
  const name = <code>{host.name}</code>;
  return (
    <LedgerSection id="danger" title="Danger zone" about="The repositories themselves are never touched." danger>
      <ul class="danger-list">
        {host.archivedAt === null ? (
          <li>
            <div>
              <b>Archive {name}</b>
              <p class="t2">
                Its agent loses access and stops. The host leaves all lists and its name can be reused. Jobs, snapshots
                and encrypted credentials are kept until you purge it.
              </p>
            </div>
            <OpenButton dialog="archive" danger icon="archive">
              Archive…
            </OpenButton>
          </li>
        ) : (
          <li>
            <div>
              <b>Purge {name}</b>
              <p class="t2">
                Deletes everything this server knows about it: jobs, logs, snapshot lists and credentials. Unless you
                have the restic password elsewhere, its {formatPlural(host.snapshotCount, "snapshot")} can never be read
                again.
              </p>
            </div>
            <OpenButton dialog="purge" danger>
              Purge…
            </OpenButton>
          </li>
        )}
      </ul>
      {host.archivedAt === null ? (
        <ConfirmDialog
          id="archive"
          title={<>Archive {name}?</>}
          action={`/hosts/${host.id}/archive`}
          csrf={view.csrf}
          verb="Archive host"
        >
          <p>Its backups stop. Its repository and {formatPlural(host.snapshotCount, "snapshot")} stay untouched.</p>
        </ConfirmDialog>
      ) : (
        <ConfirmDialog
          id="purge"
          title={<>Purge {name}?</>}
          action={`/hosts/${host.id}/purge`}
          csrf={view.csrf}
          typed={host.name}
          error={purgeError ?? undefined}
          verb="Purge host"
        >
          <p>
            This permanently deletes its jobs, logs and credentials from this server, including its restic password.
            Purge it only if you have that password elsewhere. Without it, nobody can restore its{" "}
            {formatPlural(host.snapshotCount, "snapshot")}.
          </p>
        </ConfirmDialog>
      )}
    </LedgerSection>
  );
}
