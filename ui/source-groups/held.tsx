// Snapshots that exist would go: the question before it is saved, and the notice while forget waits for a yes.
import { OpenButton } from "../components/button.tsx";
import { ConfirmDialog } from "../components/floats.tsx";
import { Notice } from "../components/panels.tsx";
import { may, type View } from "../view.ts";

/** Existing snapshots would go: how many, which days; the answer travels with the form. */
export function RemovalQuestion({ words }: { words: string }) {
  return (
    <section aria-labelledby="removal-title">
      <div class="about">
        <h2 id="removal-title">Snapshots would go</h2>
        <p>Nothing was saved yet.</p>
      </div>
      <div class="fields" id="confirm_removal">
        <Notice glyph="warning" reason={words}>
          Say whether they may, and save again.
        </Notice>
        <label class="check">
          <input type="radio" name="confirm_removal" value="no" checked />
          <span>
            Save, and remove nothing for now
            <small>The next forget leaves this group alone until somebody confirms here.</small>
          </span>
        </label>
        <label class="check">
          <input type="radio" name="confirm_removal" value="yes" />
          <span>
            Save, and let them go
            <small>They are removed at the next forget; that cannot be undone.</small>
          </span>
        </label>
      </div>
    </section>
  );
}

export function Held({ words, action, view }: { words: string; action: string; view: View }) {
  return (
    <div class="banner" id="held">
      <Notice
        glyph="warning"
        reason="Nothing of this group is removed for now."
        verbs={
          may(view, "operator") ? (
            <OpenButton dialog="let-go" small danger>
              Let them go…
            </OpenButton>
          ) : null
        }
      >
        {words} Somebody has to agree first, or change the retention.
      </Notice>
      <ConfirmDialog
        id="let-go"
        title="Let these snapshots go?"
        action={action}
        csrf={view.csrf}
        keep="Keep them"
        verb="Let them go"
      >
        <p>{words} That cannot be undone.</p>
      </ConfirmDialog>
    </div>
  );
}
