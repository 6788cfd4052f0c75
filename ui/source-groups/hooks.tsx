// Hooks of a group or of a whole host: for admins, in a form of their own, with the warning whose rights they have.
import type { FormState } from "../../shared/pages.ts";
import { SubmitButton } from "../components/button.tsx";
import { Csrf, FormMessage, LinesField, TextField } from "../components/field.tsx";
import { LedgerSection, Notice } from "../components/panels.tsx";

export type HooksFormProps = {
  action: string;
  csrf: string;
  hostName: string;
  os: "linux" | "windows";
  /** False where the machine's owner has switched hooks off; null before the agent has told. */
  allowed: boolean | null;
  pre: string | null;
  post: string | null;
  /** Stored, and they do not open. */
  unreadable: readonly ("pre" | "post")[];
  /** For a group: whether the host's own hooks run where its are empty. Null for the host itself. */
  byDefault: { pre: boolean; post: boolean } | null;
  /** For the host: the program that runs them. */
  shell?: string | null;
  form: FormState;
};

const UNREADABLE = { pre: "The stored hook before the backup", post: "The stored hook after the backup" };

/** A ledger of its own, below the form of the group. */
export function HooksForm(props: HooksFormProps) {
  return (
    <div class="ledger second-form">
      <HooksSection {...props} />
    </div>
  );
}

/** One section of a ledger, with its form. */
export function HooksSection(props: HooksFormProps) {
  const { action, csrf, hostName, os, allowed, pre, post, unreadable, byDefault, shell, form } = props;
  const isGroup = byDefault !== null;
  const empty = (isThere: boolean | undefined) =>
    !isGroup ? "Empty: none" : isThere ? "Empty: the host’s own hook runs" : "Empty: none";
  return (
    <LedgerSection
      id="hooks-title"
      title="Hooks"
      about={`Only admins see and change these.${isGroup ? "" : " They run for every source group that has none of its own."}`}
    >
      <form class="fields" method="post" action={action} id="hooks">
        <Csrf token={csrf} />
        <FormMessage form={form} />
        {allowed === false ? (
          <Notice
            glyph="failed"
            reason={
              <>
                <code>{hostName}</code> refuses hooks.
              </>
            }
          >
            Its owner switched them off in <code>agent.yaml</code> (<code>allow_hooks</code>, or installed with{" "}
            <code>--hardened</code>): backups of groups with hooks end with an error.
          </Notice>
        ) : null}
        {unreadable.length > 0 ? (
          <Notice
            glyph="failed"
            reason={
              unreadable.length > 1
                ? "The stored hooks do not open:"
                : `${UNREADABLE[unreadable[0] ?? "pre"]} does not open:`
            }
          >
            {unreadable.length > 1 ? "they were" : "it was"} damaged or moved in the database. Enter{" "}
            {unreadable.length > 1 ? "them" : "it"} again: until then, the host is not sent any changed settings. Saving
            an empty field removes the hook.
          </Notice>
        ) : null}
        <Notice
          glyph="warning"
          reason={
            <>
              Hooks run as <code>{os === "windows" ? "SYSTEM" : "root"}</code> on <code>{hostName}</code>,
            </>
          }
        >
          with the rights of the agent’s service. If the first one fails, nothing is backed up. What they print goes
          into the job’s log.
        </Notice>
        <div class="fields-2">
          <LinesField
            name="pre"
            label="Before the backup"
            form={form}
            value={pre ?? ""}
            rows={4}
            placeholder={os === "windows" ? "net stop MyService" : "pg_dump shop > /var/backups/shop.sql"}
            hint={empty(byDefault?.pre)}
          />
          <LinesField
            name="post"
            label="After the backup"
            form={form}
            value={post ?? ""}
            rows={4}
            placeholder={os === "windows" ? "net start MyService" : "rm /var/backups/shop.sql"}
            hint={`${empty(byDefault?.post)}. Runs also when the backup failed.`}
          />
        </div>
        {shell === undefined ? null : (
          <div class="fields-2">
            <TextField
              name="hook_shell"
              label="Shell"
              form={form}
              value={shell ?? ""}
              placeholder={os === "windows" ? "cmd.exe" : "/bin/sh"}
              mono
              maxlength={200}
              autocomplete="off"
              hint="Empty: the system’s own"
            />
          </div>
        )}
        <div class="btns">
          <SubmitButton>Save hooks</SubmitButton>
        </div>
      </form>
    </LedgerSection>
  );
}
