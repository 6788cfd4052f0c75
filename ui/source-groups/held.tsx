// A retention change that would remove existing snapshots: the question before saving, and the notice until it is confirmed.
import { OpenButton } from "../components/button.tsx";
import { ConfirmDialog } from "../components/floats.tsx";
import { Notice } from "../components/panels.tsx";
import { may, type View } from "../view.ts";

/** `words` say how many snapshots and from which days. The answer is sent with the form. */
export function RemovalQuestion({ words }: { words: string }) {
  return (
    <section aria-labelledby="removal-title">
      <div class="about">
        <h2 id="removal-title">Confirm removal</h2>
        <p>Nothing has been saved yet.</p>
      </div>
      <div class="fields" id="confirm_removal">
        <Notice glyph="warning" reason={words}>
          Choose below, then save again.
        </Notice>
        <label class="check">
          <input type="radio" name="confirm_removal" value="no" checked />
          <span>
            Save but remove nothing yet{" "}
            <small>Forget skips this source group until someone confirms the removal here.</small>
          </span>
        </label>
        <label class="check">
          <input type="radio" name="confirm_removal" value="yes" />
          <span>
            Save and remove them <small>The next forget removes these snapshots. This can’t be undone.</small>
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
        reason="A retention change is awaiting confirmation."
        verbs={
          may(view, "operator") ? (
            <OpenButton dialog="let-go" small danger>
              Remove snapshots…
            </OpenButton>
          ) : null
        }
      >
        {words} Nothing is removed until someone confirms this or changes the retention.
      </Notice>
      <ConfirmDialog
        id="let-go"
        title="Remove these snapshots?"
        action={action}
        csrf={view.csrf}
        keep="Keep snapshots"
        verb="Remove snapshots"
      >
        <p>{words} This can’t be undone.</p>
      </ConfirmDialog>
    </div>
  );
}
