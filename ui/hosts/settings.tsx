// A host's settings: its name and tags, and the ways to part from it.
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
  /** Why a purge was refused, to come back beside its field. */
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
          about="The name is a label; snapshots keep the name of the machine."
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
                  hint="Parted by commas"
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
                  hint={`Empty: what the machine says, ${facts.timezone}. Days of the strip end by it.`}
                />
                <Checkbox
                  name="roaming"
                  label="Roaming"
                  hint="A laptop that is often away: offline is normal"
                  checked={facts.roaming}
                  form={form}
                />
              </div>
              <div class="btns">
                <SubmitButton primary>Save</SubmitButton>
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
        <LedgerSection id="identity" title="Identity" about="Fixed when the machine was enrolled.">
          <FactRows
            facts={[
              ["Name in snapshots", <code>{facts.resticHost}</code>],
              ["Machine calls itself", <code>{facts.hostname}</code>],
              ["Enrolled", view.dates.full(facts.enrolledAt)],
              ["Host id", <code>{host.id}</code>],
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
      about="Each gives a one-time command, valid for an hour. Repos, groups and snapshots stay with the host."
    >
      <ul class="danger-list">
        <li>
          <div>
            <b>Replace the machine</b>
            <p class="t2">
              New hardware takes the place of {name}: the old agent is shut out, and schedules wait until you say that
              its data are restored.
            </p>
          </div>
          <OpenButton dialog="replace">Replace…</OpenButton>
        </li>
        <li>
          <div>
            <b>Enrol the same machine again</b>
            <p class="t2">Its agent was removed, or has lost its identity. Schedules go on at once.</p>
          </div>
          <Verb action={`/hosts/${host.id}/re-enroll`} csrf={view.csrf}>
            Make the command
          </Verb>
        </li>
      </ul>
      <ConfirmDialog
        id="replace"
        title={<>Replace the machine of {name}?</>}
        action={`/hosts/${host.id}/replace`}
        csrf={view.csrf}
        keep="Cancel"
        verb="Make the command"
      >
        <p>
          Nothing changes until the new machine runs the command. Then the old agent is shut out, and the schedules wait
          for “Restore finished” on this host’s page.
        </p>
      </ConfirmDialog>
    </LedgerSection>
  );
}

function Danger({ host, purgeError, view }: { host: HostHead; purgeError: string | null; view: View }) {
  const name = <code>{host.name}</code>;
  return (
    <LedgerSection id="danger" title="Danger zone" about="Repositories themselves are never touched." danger>
      <ul class="danger-list">
        {host.archivedAt === null ? (
          <li>
            <div>
              <b>Archive {name}</b>
              <p class="t2">
                Its agent is shut out and stops, it leaves the lists, its name is free again. Jobs, snapshots and sealed
                credentials are kept until it is purged.
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
                Deletes all that this server knows about it: jobs, logs, snapshot lists and the credentials. If nobody
                else holds the restic password, its {formatPlural(host.snapshotCount, "snapshot")} can never be read
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
          <p>Its backups stop. Its repository and its {formatPlural(host.snapshotCount, "snapshot")} stay untouched.</p>
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
            Its jobs, logs and credentials go from this server for good, its restic password among them. Purge only if
            you kept that password elsewhere: without it nobody can restore its{" "}
            {formatPlural(host.snapshotCount, "snapshot")}.
          </p>
        </ConfirmDialog>
      )}
    </LedgerSection>
  );
}
