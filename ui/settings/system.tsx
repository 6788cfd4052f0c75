// The manager itself: can it be rebuilt tomorrow? Copies of its database, the recovery sheet, its heartbeat.
import type { Child } from "hono/jsx";
import { HOUR_MS } from "../../shared/clock.ts";
import type { FormState } from "../../shared/pages.ts";
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
  /** Background tasks that fail or hang, in sentences. */
  taskProblems: readonly string[];
  /** null = nobody is told. */
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
      words: "A background task of the manager keeps failing.",
      sub: "Details are below and in the server’s log.",
    };
  const sheetLack =
    data.sheet.madeAt === null
      ? "Nobody has made a recovery sheet yet."
      : data.sheet.newerCredentials > 0
        ? "The recovery sheet is out of date."
        : null;
  if (data.copyProblem !== null)
    return { glyph: "failed", words: "The manager’s own copy failed.", sub: data.copyProblem };
  if (!newest || view.now - newest.at > FRESH_COPY_MS)
    return { glyph: "warning", words: "The manager’s database has no fresh copy.", sub: "Copy it now, below." };
  if (sheetLack) return { glyph: "warning", words: sheetLack, sub: "Without it a lost server is a puzzle at 3 am." };
  return {
    glyph: "ok",
    words: (
      <>
        The manager was copied <Ago at={newest.at} view={view} />.
      </>
    ),
    sub: "Keep the server key and a recovery sheet elsewhere.",
  };
}

function Tasks({ taskProblems }: SystemProps) {
  if (taskProblems.length === 0) return null;
  return (
    <LedgerSection
      id="tasks"
      title="Background tasks"
      about="Each is retried by itself. What fails for one host or repo does not hold up the others."
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
      title="Copies of the database"
      about="One every night, with the key that signs agents sealed inside. Never the server key: keep that elsewhere."
    >
      <div class="fields">
        {place.sharesDisk ? (
          <Notice glyph="warning" reason="The copies lie on the same disk as the database.">
            A dead disk takes both: set <code>RM_BACKUP_DIR</code> to a folder on another one.
          </Notice>
        ) : null}
        {copies.length === 0 ? (
          <p class="t2">
            None yet. The first is made tonight, in <code>{place.folder}</code>.
          </p>
        ) : (
          <table class="table stack">
            <thead>
              <tr>
                <th scope="col">File</th>
                <th scope="col">Made</th>
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
                  <td data-th="Made">
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
      about="What opens every repository, and the plain restic commands. For the day this server is gone."
    >
      <form method="post" action="/settings/system/recovery-sheet" class="fields">
        <Csrf token={view.csrf} />
        <FormMessage form={form} />
        <p class={sheet.madeAt !== null && sheet.newerCredentials === 0 ? "t2" : "is-warning"}>
          {sheet.madeAt === null ? (
            "None was made yet."
          ) : (
            <>
              Last made <Ago at={sheet.madeAt} view={view} />
              {sheet.newerCredentials > 0
                ? `; ${formatPlural(sheet.newerCredentials, "credential is", "credentials are")} newer.`
                : "; no credential is newer."}
            </>
          )}
        </p>
        <SelectField
          name="form"
          label="Form"
          form={form}
          value="page"
          options={[
            { value: "page", label: "A page to print" },
            { value: "file", label: "An encrypted file" },
          ]}
        />
        <div data-when="form=file" class="fields">
          <TextField
            name="passphrase_password"
            label="Passphrase of the file"
            type="password"
            form={form}
            autocomplete="new-password"
            hint="At least 12 characters. Only for the encrypted file"
          />
          <div class="field">
            <h3>How to open it, anywhere</h3>
            <CopyBox text={decryptCommand} label="Copy the command that opens the file" prompt="$" />
          </div>
        </div>
        <TextField
          name="current"
          label="Your password"
          type="password"
          form={form}
          autocomplete="current-password"
          required
          hint="Asked again: the sheet opens every backup"
        />
        <div class="btns">
          <SubmitButton>Make the recovery sheet</SubmitButton>
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
      about="A request every 5 minutes while all is well, so that somebody notices a dead server."
    >
      {heartbeat === null ? (
        <p class="t2">
          Off. Set <code>RM_HEARTBEAT_URL</code> to a check of healthchecks, Uptime Kuma or the like.
        </p>
      ) : heartbeat.problem !== null ? (
        <Notice glyph="failed" reason="The last one was not sent:">
          {heartbeat.problem}
        </Notice>
      ) : (
        <p class="t2">
          {heartbeat.at === null ? (
            "On; the first one is on its way."
          ) : (
            <>
              On; last sent <Ago at={heartbeat.at} view={view} />.
            </>
          )}
        </p>
      )}
    </LedgerSection>
  );
}

function databaseWords({ bytes, freeBytes }: SystemProps["database"]): string {
  return freeBytes > bytes / 20 ? `${formatBytes(bytes)}, of which ${formatBytes(freeBytes)} free` : formatBytes(bytes);
}
