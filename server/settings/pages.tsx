// Pages: the system page with version, database backups and heartbeat, and the recovery sheet.
import type { Db } from "../../db/open.ts";
import { countCredentialsNewerThan } from "../../db/queries/recovery.ts";
import { findSetting, putSetting } from "../../db/queries/settings.ts";
import { measureDatabase } from "../../db/queries/upkeep.ts";
import { inTransaction } from "../../db/transaction.ts";
import { emptyForm, type FormState } from "../../shared/pages.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { utcDay } from "../../shared/time/days.ts";
import { RecoverySheetPage } from "../../ui/settings/recovery-sheet.tsx";
import { SystemPage } from "../../ui/settings/system.tsx";
import { badInput, Refusal } from "../http/errors.ts";
import { attempt, textOf } from "../http/forms.ts";
import type { PageCall, PageMaker } from "../http/page-maker.ts";
import { formRoute, type Route, route } from "../http/routes.ts";
import type { Credentials } from "../repos/credentials.ts";
import { type Actor, writeAudit } from "../runtime/audit.ts";
import { SERVER_VERSION } from "../runtime/version.ts";
import { DECRYPT_COMMAND, encryptSheet, readSheet, SHEET_SETTING, sheetText } from "../upkeep/recovery-sheet.ts";
import type { Upkeep } from "../upkeep/upkeep.ts";
import type { Accounts } from "../users/accounts.ts";

const MIN_PASSPHRASE = 12;

export type SettingsPageDeps = {
  db: Db;
  clock: Clock;
  pages: PageMaker;
  accounts: Accounts;
  credentials: Credentials;
  upkeep: Pick<Upkeep, "copies" | "heartbeat" | "taskProblems">;
  keyId: string;
};

export function settingsPages(deps: SettingsPageDeps): Route[] {
  const { db, clock, pages, accounts, credentials, keyId } = deps;
  const { copies, heartbeat, taskProblems } = deps.upkeep;

  const system = (call: PageCall, form: FormState, status = 200) => {
    const view = pages.view(call);
    const sheetAt = Number(findSetting(db, SHEET_SETTING) ?? 0);
    const page = (
      <SystemPage
        view={view}
        form={form}
        version={SERVER_VERSION}
        runtime={`Bun ${Bun.version}`}
        keyId={keyId}
        database={measureDatabase(db)}
        copies={copies.list()}
        place={copies.place()}
        copyProblem={copies.problem()}
        sheet={{ madeAt: sheetAt || null, newerCredentials: countCredentialsNewerThan(db, sheetAt) }}
        taskProblems={taskProblems()}
        heartbeat={heartbeat ? heartbeat.state() : null}
        decryptCommand={DECRYPT_COMMAND}
      />
    );
    return pages.page(call.c, view, page, status);
  };

  const noteSheet = (actor: Actor, form: "page" | "encrypted_file", repos: number) =>
    inTransaction(db, () => {
      putSetting(db, SHEET_SETTING, String(clock.now()));
      writeAudit(db, clock.now(), { actor, action: "recovery_sheet.made", payload: { form, repos } });
    });

  return [
    route({
      method: "GET",
      path: "/settings/system",
      access: "admin",
      summary: "Page: system",
      handle: (call) => system(call, emptyForm),
    }),
    formRoute({
      method: "POST",
      path: "/settings/system/backup",
      access: "admin",
      action: "database.copied",
      summary: "Page: back up the database now",
      handle: async ({ c, actor }) => {
        const copy = await copies.makeNow().catch((error: unknown) => {
          const why = error instanceof Error ? error.message : String(error);
          throw new Refusal(503, "copy_failed", `The database could not be backed up: ${why}`);
        });
        writeAudit(db, clock.now(), {
          actor,
          action: "database.copied",
          payload: { file: copy.path, bytes: copy.bytes },
        });
        return pages.done(c, "/settings/system", { tone: "ok", text: `Database backed up to ${copy.path}.` });
      },
    }),
    formRoute({
      method: "POST",
      path: "/settings/system/recovery-sheet",
      access: "admin",
      action: "recovery_sheet.made",
      summary: "Page: create the recovery sheet, printable or as an encrypted file, after checking the password",
      handle: async (call) => {
        const { c, body, session, from, actor } = call;
        const isFile = textOf(body, "form") === "file";
        const passphrase = textOf(body, "passphrase_password");
        const checked = await attempt(body, async () => {
          await accounts.confirmPassword(session, from, textOf(body, "current"));
          if (isFile && passphrase.length < MIN_PASSPHRASE)
            throw badInput({
              passphrase_password: `Use at least ${MIN_PASSPHRASE} characters. This passphrase protects every backup.`,
            });
        });
        if (!checked.ok) return system(call, checked.form, checked.status);
        const entries = readSheet(db, credentials);
        const madeAt = clock.now();
        if (!isFile) {
          noteSheet(actor, "page", entries.length);
          const view = pages.view(call);
          return pages.page(c, view, <RecoverySheetPage view={view} entries={entries} madeAt={madeAt} />);
        }
        const file = await encryptSheet(sheetText(entries, madeAt), passphrase);
        noteSheet(actor, "encrypted_file", entries.length);
        const day = utcDay(madeAt);
        return c.body(file, 200, {
          "Content-Type": "application/octet-stream",
          "Content-Disposition": `attachment; filename="recovery-sheet-${day}.txt.enc"`,
        });
      },
    }),
  ];
}
