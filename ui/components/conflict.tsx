// The notice that someone else saved the same form first, with both versions side by side.
import type { Collision, FormState } from "../../shared/pages.ts";
import { formatPlural } from "../format.ts";
import { LedgerSection, Notice } from "./panels.tsx";

const MOST_ENTRIES = 12;

/** Part of the form: "Use saved value" submits it without saving, and it comes back with that value. */
export function ConflictSection({ conflict }: { conflict: NonNullable<FormState["conflict"]> }) {
  const { words, href, both, taken } = conflict;
  return (
    <LedgerSection id="conflict-title" title="Conflicting changes" about="Your changes have not been saved yet.">
      <div class="rows" role="alert">
        <input type="hidden" name="asked" value={both.map(({ name }) => name).join(" ")} />
        <Notice
          glyph="warning"
          reason={`${words}, while you were editing.`}
          verbs={
            <a class="btn btn-s" href={href}>
              Discard my changes
            </a>
          }
        >
          {taken.length > 0 ? `The form below now includes these changes: ${taken.join(", ")}. ` : ""}
          {both.length > 0
            ? "The fields below were changed in both places. Saving again replaces the saved values with yours."
            : "None of your changes conflict with it. Save again."}
        </Notice>
        {both.length > 0 ? <Collisions both={both} /> : null}
      </div>
    </LedgerSection>
  );
}

function Collisions({ both }: { both: readonly Collision[] }) {
  return (
    <table class="table stack conflict">
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">Saved value</th>
          <th scope="col">Your value</th>
          <th scope="col">
            <span class="vh">Choice</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {both.map(({ name, label, theirs, yours, same }) => (
          <tr>
            <td class="first">{label}</td>
            <td data-th="Saved value" class="wide">
              <Entries entries={theirs} same={same} />
            </td>
            <td data-th="Your value" class="wide">
              <Entries entries={yours} same={same} />
            </td>
            <td class="num wide">
              <button
                class="btn btn-s"
                type="submit"
                name="take"
                value={name}
                formnovalidate
                aria-label={`Use saved value: ${label}`}
              >
                Use saved value
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Entries({ entries, same }: { entries: readonly string[]; same: number }) {
  const shown = entries.slice(0, MOST_ENTRIES);
  const more = entries.length - shown.length;
  return (
    <>
      {entries.length === 0 ? <span class="t3">{same > 0 ? "nothing else" : "empty"}</span> : null}
      {shown.map((entry, at) => (
        <>
          {at > 0 ? <br /> : null}
          <code>{entry}</code>
        </>
      ))}
      {more > 0 ? <small>and {more} more</small> : null}
      {same > 0 ? <small>{formatPlural(same, "line")} in both</small> : null}
    </>
  );
}
