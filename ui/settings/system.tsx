// The system page: database backups, recovery sheet, heartbeat and background tasks of the server itself.
import type { Child } from "hono/jsx";
import type { FormState } from "../../shared/pages.ts";
import { HOUR_MS } from "../../shared/time/clock.ts";
import { SubmitButton, Verb } from "../components/button.tsx";
import { Csrf, FormMessage, SelectField, TextField } from "../components/field.tsx";
import type { GlyphName } from "../components/glyph.tsx";
import { CopyBox, FactRows, LedgerSection, Notice } from "../components/panels.tsx";
import { Verdict } from "../components/status.tsx";
import { Ago } from "../components/time.tsx";
import { formatBytes, formatPlural } from "../format.ts";
import { Page, PageHead } from "../layout.tsx";
import type { View } from "../view.ts";

const FRESH_COPY_MS = 36 * HOUR_MS;

export type SystemProps = {
  form: FormState;
  version: string;
  runtime: string;
  keyId: string;
  database: { bytes: number; freeBytes: number };
  /** Newest first. */
  copies: readonly { path: string; bytes: number; at: number }[];
  place: { folder: string; sharesDisk: boolean };
  copyProblem: string | null;
  sheet: { madeAt: number | null; newerCredentials: number };
  /** Failing or hanging background tasks, one sentence each. */
  taskProblems: readonly string[];
  /** Null if no heartbeat is configured. */
  heartbeat: { at: number | null; problem: string | null } | null;
  decryptCommand: string;
};

export function SystemPage({ view, ...data }: SystemProps & { view: View }) {
  const { glyph, words, sub } = verdictOf(data, view);
  return (
    <Page view={view} title="System">
      <PageHead view={view}>
        <Verdict glyph={glyph} sub={sub}>
          {words}
        </Verdict>
      </PageHead>
      <div class="ledger">
        <Tasks {...data} />
        <Copies {...data} view={view} />
        <Sheet {...data} view={view} />
        <HeartbeatSection {...data} view={view} />
        <LedgerSection id="about" title="This server">
          <FactRows
            facts={[
              ["Version", `restic-manager ${data.version}, ${data.runtime}`],
              ["Database", databaseWords(data.database)],
              ["Server key", <code>{data.keyId}</code>],
            ]}
          />
        </LedgerSection>
      </div>
    </Page>
  );
}

function verdictOf(data: SystemProps, view: View): { glyph: GlyphName; words: Child; sub: Child } {
  const newest = data.copies[0];
  if (data.taskProblems.length > 0)
    return {
      glyph: "failed",
      words: "A background task of this server keeps failing.",
      sub: "See the details below and the server’s log.",
    };
  const sheetLack =
    data.sheet.madeAt === null
      ? "There is no recovery sheet yet."
      : data.sheet.newerCredentials > 0
        ? "The recovery sheet is out of date."
        : null;
  if (data.copyProblem !== null)
    return { glyph: "failed", words: "The last database backup failed.", sub: data.copyProblem };
  if (!newest || view.now - newest.at > FRESH_COPY_MS)
    return {
      glyph: "warning",
      words: newest
        ? "The server database has not been backed up recently."
        : "The server database has not been backed up yet.",
      sub: "Press Back up now below.",
    };
  if (sheetLack)
    return { glyph: "warning", words: sheetLack, sub: "You need it to restore backups if this server is lost." };
  return {
    glyph: "ok",
    words: (
      <>
        The server database was backed up <Ago at={newest.at} view={view} />.
      </>
    ),
    sub: "Keep the server key and a recovery sheet somewhere else.",
  };
}

function Tasks({ taskProblems }: SystemProps) {
  if (taskProblems.length === 0) return null;
  return (
    <LedgerSection
      id="tasks"
      title="Background tasks"
      about="Failed tasks are retried automatically. A failure for one host or repo does not block the others."
    >
      <div class="fields">
        {taskProblems.map((problem) => (
          <Notice glyph="failed" reason={problem}>
            If it persists, report it with the server’s log.
          </Notice>
        ))}
      </div>
    </LedgerSection>
  );
}

function Copies({ copies, place, view }: SystemProps & { view: View }) {
  return (
    <LedgerSection
      id="copies"
      title="Database backups"
      about="Made every night. They contain the agent signing key, encrypted, but not the server key. Keep that one somewhere else."
    >
      <div class="fields">
        {place.sharesDisk ? (
          <Notice glyph="warning" reason="Backups are stored on the same disk as the database.">
            If it fails, both are lost. Set <code>RM_BACKUP_DIR</code> to a folder on another disk.
          </Notice>
        ) : null}
        {copies.length === 0 ? (
          <p class="t2">
            None yet. The first one is made tonight in <code>{place.folder}</code>.
          </p>
        ) : (
          <table class="table stack">
            <thead>
              <tr>
                <th scope="col">File</th>
                <th scope="col">Created</th>
                <th scope="col" class="num">
                  Size
                </th>
              </tr>
            </thead>
            <tbody>
              {copies.map((copy) => (
                <tr>
                  <td class="first">
                    <code class="break">{copy.path}</code>
                  </td>
                  <td data-th="Created">
                    <Ago at={copy.at} view={view} />
                  </td>
                  <td class="num" data-th="Size">
                    {formatBytes(copy.bytes)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        <div class="btns">
          <Verb action="/settings/system/backup" csrf={view.csrf}>
            Back up now
          </Verb>
        </div>
      </div>
    </LedgerSection>
  );
}

function Sheet({ sheet, form, decryptCommand, view }: SystemProps & { view: View }) {
  return (
    <LedgerSection
      id="sheet"
      title="Recovery sheet"
      about="The credentials of every repository and the restic commands to restore from them, should this server be lost."
    >
      <form method="post" action="/settings/system/recovery-sheet" class="fields">
        <Csrf token={view.csrf} />
        <FormMessage form={form} />
        <p class={sheet.madeAt !== null && sheet.newerCredentials === 0 ? "t2" : "is-warning"}>
          {sheet.madeAt === null ? (
            "No recovery sheet has been created yet."
          ) : (
            <>
              Last created <Ago at={sheet.madeAt} view={view} />
              {sheet.newerCredentials > 0
                ? `. ${formatPlural(sheet.newerCredentials, "credential has", "credentials have")} changed since then.`
                : ". No credentials have changed since then."}
            </>
          )}
        </p>
        <SelectField
          name="form"
          label="Format"
          form={form}
          value="page"
          options={[
            { value: "page", label: "Printable page" },
            { value: "file", label: "Encrypted file" },
          ]}
        />
        <div data-when="form=file" class="fields">
          <TextField
            name="passphrase_password"
            label="File passphrase"
            type="password"
            form={form}
            autocomplete="new-password"
            hint="At least 12 characters"
          />
          <div class="field">
            <h3>How to decrypt it on any machine</h3>
            <CopyBox text={decryptCommand} label="Copy the decryption command" prompt="$" />
          </div>
        </div>
        <TextField
          name="current"
          label="Your password"
          type="password"
          form={form}
          autocomplete="current-password"
          required
          hint="Required because the sheet gives access to every backup"
        />
        <div class="btns">
          <SubmitButton>Create recovery sheet</SubmitButton>
        </div>
      </form>
    </LedgerSection>
  );
}

function HeartbeatSection({ heartbeat, view }: SystemProps & { view: View }) {
  return (
    <LedgerSection
      id="heartbeat"
      title="Heartbeat"
      about="A request every 5 minutes while all is well, so that an outside monitor notices if this server goes down."
    >
      {heartbeat === null ? (
        <p class="t2">
          Off. Set <code>RM_HEARTBEAT_URL</code> to a check in Healthchecks, Uptime Kuma or a similar monitor.
        </p>
      ) : heartbeat.problem !== null ? (
        <Notice glyph="failed" reason="The last heartbeat could not be sent.">
          {heartbeat.problem}
        </Notice>
      ) : (
        <p class="t2">
          {heartbeat.at === null ? (
            "On. The first one is being sent."
          ) : (
            <>
              On. Last sent <Ago at={heartbeat.at} view={view} />.
            </>
          )}
        </p>
      )}
    </LedgerSection>
  );
}

function databaseWords({ bytes, freeBytes }: SystemProps["database"]): string {
  return freeBytes > bytes / 20
    ? `${formatBytes(bytes)}, including ${formatBytes(freeBytes)} of free space`
    : formatBytes(bytes);
}
