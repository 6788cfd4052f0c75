// The form of an editor: guards against writing over what somebody else saved, and ends with Save, Cancel and Delete.
import type { Child } from "hono/jsx";
import type { FormState } from "../../shared/pages.ts";
import { LinkButton, OpenButton, SubmitButton } from "./button.tsx";
import { Csrf, SaveBar } from "./field.tsx";

/** Which state of a thing a form was filled from, Unix ms, with a mark of each field: the server does not write over a newer one unseen. */
export type Seen = { updatedAt: number; marks: string };

/** `seen` is null for a new thing; `noun` names it on the button; `deletes` is the dialog that asks before it goes. */
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
      {/* The first button is what Enter in a field presses, whatever other buttons follow. */}
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
