// The form that changes a repo's credential. Empty passwords stay unchanged.
import type { RepoRow } from "../../db/schema/repos.ts";
import { emptyForm, type FormState } from "../../shared/pages.ts";
import { SubmitButton } from "../components/button.tsx";
import { Csrf, FormMessage, LinesField, TextField } from "../components/field.tsx";
import type { View } from "../view.ts";
import { OwnFolderQuestion } from "./own-folder.tsx";
import type { CredentialView } from "./types.ts";

export function CredentialForm(props: {
  slot: "everyday" | "admin";
  known: CredentialView;
  /** There is none yet, so empty fields are taken from the everyday one. */
  isNew?: boolean;
  repo: Pick<RepoRow, "kind">;
  action: string;
  refused: FormState | null;
  view: View;
}) {
  const { slot, known, isNew = false, repo, action, refused, view } = props;
  const form = refused ?? emptyForm;
  const hint = isNew ? "Leave empty to use the everyday credential’s" : "Leave empty to keep the current one";
  return (
    <details class="change" open={refused !== null} id={slot === "admin" ? "change-admin" : "change"}>
      <summary class="btn btn-s">{isNew ? "Add credential…" : "Change…"}</summary>
      <form method="post" action={action} class="rows change-form">
        <Csrf token={view.csrf} />
        <FormMessage form={form} />
        <TextField
          name="url"
          label="Address"
          form={form}
          value={known.url}
          mono
          required
          scope={slot}
          maxlength={2048}
          autocomplete="off"
        />
        <OwnFolderQuestion form={form} scope={slot} />
        {repo.kind === "rest" ? (
          <div class="fields-2">
            <TextField
              name="http_username"
              label="HTTP user"
              form={form}
              scope={slot}
              value={known.httpUsername ?? ""}
              mono
              autocomplete="off"
            />
            <TextField
              name="http_password"
              label="HTTP password"
              type="password"
              form={form}
              scope={slot}
              autocomplete="new-password"
              hint={hint}
            />
          </div>
        ) : null}
        <TextField
          name="repo_password"
          label="Restic password"
          type="password"
          form={form}
          scope={slot}
          autocomplete="new-password"
          hint={slot === "everyday" ? `${hint}. To change it, first run restic key add, then enter the new one` : hint}
        />
        {["s3", "b2", "other"].includes(repo.kind) ? (
          <LinesField
            name="env"
            label="Environment"
            form={form}
            scope={slot}
            rows={3}
            placeholder={"AWS_ACCESS_KEY_ID=…\nAWS_SECRET_ACCESS_KEY=…"}
            hint="One NAME=value per line. Leave empty to keep the current ones"
          />
        ) : null}
        <p class="hint">
          {slot === "admin"
            ? "Must be able to delete: for rest-server, use the address of an instance without --append-only. It is sent to the pruning host for one job at a time and never stored there. The next forget or prune tests it."
            : "The host tests it at once. The current credential stays in use until the new one has opened the repository."}
        </p>
        <div class="btns">
          <SubmitButton primary small>
            {slot === "admin" ? "Save credential" : "Save and test"}
          </SubmitButton>
        </div>
      </form>
    </details>
  );
}
