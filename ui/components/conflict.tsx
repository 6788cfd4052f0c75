// Somebody else saved the same thing meanwhile: what both changed side by side, and the ways out.
import type { Collision, FormState } from "../../shared/pages.ts";
import { formatPlural } from "../format.ts";
import { LedgerSection, Notice } from "./panels.tsx";

const MOST_ENTRIES = 12;

/** Part of the form: "Take what is saved" sends it without saving, and it comes back with that value. */
export function ConflictSection({ conflict }: { conflict: NonNullable<FormState["conflict"]> }) {
  const { words, href, both, taken } = conflict;
  return (
    <LedgerSection id="conflict-title" title="Saved meanwhile" about="Nothing of yours was saved yet.">
      <div class="rows" role="alert">
        <input type="hidden" name="asked" value={both.map(({ name }) => name).join(" ")} />
        <Notice
          glyph="warning"
          reason={`${words}, while you were at it.`}
          verbs={
            <a class="btn btn-s" href={href}>
              Drop mine
            </a>
          }
        >
          {taken.length > 0 ? `What was changed there alone is in the form below now: ${taken.join(", ")}. ` : ""}
          {both.length > 0
            ? "What follows was changed there and here: saving again puts what you typed in the place of what is saved."
            : "Nothing that you typed collides with it: save again."}
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
          <th scope="col">Saved</th>
          <th scope="col">What you typed</th>
          <th scope="col">
            <span class="vh">Choice</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {both.map(({ name, label, theirs, yours, same }) => (
          <tr>
            <td class="first">{label}</td>
            <td data-th="Saved" class="wide">
              <Entries entries={theirs} same={same} />
            </td>
            <td data-th="What you typed" class="wide">
              <Entries entries={yours} same={same} />
            </td>
            <td class="num wide">
              <button
                class="btn btn-s"
                type="submit"
                name="take"
                value={name}
                formnovalidate
                aria-label={`Take what is saved: ${label}`}
              >
                Take what is saved
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
      {entries.length === 0 ? <span class="t3">{same > 0 ? "nothing more" : "empty"}</span> : null}
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
