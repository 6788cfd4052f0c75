// The form of an editor, guarded against overwriting someone else's changes, with Save, Cancel and Delete.
import type { Child } from "hono/jsx";
import type { FormState } from "../../shared/pages.ts";
import { LinkButton, OpenButton, SubmitButton } from "./button.tsx";
import { Csrf, SaveBar } from "./field.tsx";

/** The version a form was filled from (Unix ms) and a mark per field, so that the server can detect newer changes. */
export type Seen = { updatedAt: number; marks: string };

/** `seen` is null for a new item; `noun` names it on the button; `deletes` is the id of the dialog that confirms deletion. */
export function EditorForm(props: {
  action: string;
  csrf: string;
  seen: Seen | null;
  form: FormState;
  noun: string;
  back: string;
  deletes: string;
  children: Child;
}) {
  const { action, csrf, seen, form, noun, back, deletes, children } = props;
  return (
    <form class="ledger" method="post" action={action} id="editor" novalidate>
      {/* Enter in a field presses the first button of the form. */}
      <button type="submit" hidden>
        Save
      </button>
      <Csrf token={csrf} />
      {seen === null ? null : (
        <>
          <input type="hidden" name="seen" value={form.values.seen ?? String(seen.updatedAt)} />
          <input type="hidden" name="marks" value={form.values.marks ?? seen.marks} />
        </>
      )}
      {children}
      <SaveBar form={form}>
        <SubmitButton primary>{`${seen === null ? "Add" : "Save"} ${noun}`}</SubmitButton>
        <LinkButton href={back} quiet>
          Cancel
        </LinkButton>
        {seen === null ? null : (
          <OpenButton dialog={deletes} danger>
            Delete…
          </OpenButton>
        )}
      </SaveBar>
    </form>
  );
}
