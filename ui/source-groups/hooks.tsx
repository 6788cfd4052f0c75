// The form for the hooks of a source group or a host, shown to admins only.
import type { FormState } from "../../shared/pages.ts";
import { SubmitButton } from "../components/button.tsx";
import { Csrf, FormMessage, LinesField, TextField } from "../components/field.tsx";
import { LedgerSection, Notice } from "../components/panels.tsx";

export type HooksFormProps = {
  action: string;
  csrf: string;
  hostName: string;
  os: "linux" | "windows";
  /** False if the machine's owner has disabled hooks; null until the agent has reported it. */
  allowed: boolean | null;
  pre: string | null;
  post: string | null;
  /** Stored hooks that cannot be decrypted. */
  unreadable: readonly ("pre" | "post")[];
  /** For a group: which of the host's hooks replace an empty one. Null for the host itself. */
  byDefault: { pre: boolean; post: boolean } | null;
  /** For a host: the program that runs them. */
  shell?: string | null;
  form: FormState;
};

const UNREADABLE = { pre: "The stored pre-hook", post: "The stored post-hook" };

/** A separate form below the one of the source group. */
export function HooksForm(props: HooksFormProps) {
  return (
    <div class="ledger second-form">
      <HooksSection {...props} />
    </div>
  );
}

/** A ledger section with its own form. */
export function HooksSection(props: HooksFormProps) {
  const { action, csrf, hostName, os, allowed, pre, post, unreadable, byDefault, shell, form } = props;
  const isGroup = byDefault !== null;
  const empty = (isThere: boolean | undefined) =>
    isGroup && isThere ? "Leave empty to run the host’s hook" : "Leave empty for none";
  return (
    <LedgerSection
      id="hooks-title"
      title="Hooks"
      about={`Only admins can see and change these.${isGroup ? "" : " They run for every source group without its own."}`}
    >
      <form class="fields" method="post" action={action} id="hooks">
        <Csrf token={csrf} />
        <FormMessage form={form} />
        {allowed === false ? (
          <Notice
            glyph="failed"
            reason={
              <>
                <code>{hostName}</code> does not allow hooks.
              </>
            }
          >
            They are disabled on the machine: by <code>allow_hooks</code> in <code>agent.yaml</code>, or because it was
            installed with <code>--hardened</code>. Backups of source groups with hooks fail.
          </Notice>
        ) : null}
        {unreadable.length > 0 ? (
          <Notice
            glyph="failed"
            reason={
              unreadable.length > 1
                ? "The stored hooks cannot be decrypted."
                : `${UNREADABLE[unreadable[0] ?? "pre"]} cannot be decrypted.`
            }
          >
            {unreadable.length > 1 ? "They were" : "It was"} damaged or moved in the database. Enter{" "}
            {unreadable.length > 1 ? "them" : "it"} again. Until then, the host receives no changed settings. Saving an
            empty field removes the hook.
          </Notice>
        ) : null}
        <Notice
          glyph="warning"
          reason={
            <>
              Hooks run as <code>{os === "windows" ? "SYSTEM" : "root"}</code> on <code>{hostName}</code>.
            </>
          }
        >
          They have all the rights of the agent’s service. If the pre-hook fails, nothing is backed up. Their output
          goes to the job’s log.
        </Notice>
        <div class="fields-2">
          <LinesField
            name="pre"
            label="Pre-hook (before the backup)"
            form={form}
            value={pre ?? ""}
            rows={4}
            placeholder={os === "windows" ? "net stop MyService" : "pg_dump shop > /var/backups/shop.sql"}
            hint={empty(byDefault?.pre)}
          />
          <LinesField
            name="post"
            label="Post-hook (after the backup)"
            form={form}
            value={post ?? ""}
            rows={4}
            placeholder={os === "windows" ? "net start MyService" : "rm /var/backups/shop.sql"}
            hint={`${empty(byDefault?.post)}. Also runs after a failed backup`}
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
              hint="Leave empty for the system default"
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
