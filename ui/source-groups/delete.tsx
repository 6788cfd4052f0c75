// The dialog that deletes a source group, or explains why it cannot be deleted.
import type { Child } from "hono/jsx";
import { ConfirmDialog } from "../components/floats.tsx";

export function DeleteGroup({
  group,
  host,
  path,
  why,
  csrf,
}: {
  group: { name: string };
  host: { name: string };
  path: string;
  /** Why it cannot be deleted; null if it can. */
  why: Child | null;
  csrf: string;
}) {
  const name = <code>{group.name}</code>;
  if (why === null)
    return (
      <ConfirmDialog
        id="delete-group"
        title={<>Delete {name}?</>}
        action={`${path}/delete`}
        csrf={csrf}
        verb="Delete source group"
      >
        <p>
          <code>{host.name}</code> stops backing up these paths. Existing snapshots stay in the repository and are kept
          for ever. They are listed with “no retention”.
        </p>
      </ConfirmDialog>
    );
  return (
    <dialog class="dialog" id="delete-group" aria-labelledby="delete-group-title">
      <div class="dialog-body">
        <h2 id="delete-group-title">{name} cannot be deleted yet</h2>
        {why}
      </div>
      <div class="dialog-foot">
        <button class="btn" type="button" command="close" commandfor="delete-group" data-close="">
          Close
        </button>
      </div>
    </dialog>
  );
}
