// Changing what opens a repo. Passwords left empty stay as they are; the old credential is kept until the new one works.
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
  /** There is none yet: what is left empty comes from the everyday one. */
  isNew?: boolean;
  repo: Pick<RepoRow, "kind">;
  action: string;
  refused: FormState | null;
  view: View;
}) {
  const { slot, known, isNew = false, repo, action, refused, view } = props;
  const form = refused ?? emptyForm;
  const hint = isNew ? "Leave empty to use the everyday one" : "Leave empty to keep the current one";
  return (
    <details class="change" open={refused !== null} id={slot === "admin" ? "change-admin" : "change"}>
      <summary class="btn btn-s">{isNew ? "Enter one…" : "Change…"}</summary>
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
          hint={slot === "everyday" ? `${hint}. To change it, run restic key add first, then enter the new one` : hint}
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
            ? "One that may delete: on a rest-server the address without --append-only. Sent to the host that prunes for that one job, never stored there; forget or prune shows whether it does."
            : "The host tries it at once. The current one stays in use until the new one has opened the repository."}
        </p>
        <div class="btns">
          <SubmitButton primary small>
            {slot === "admin" ? "Save" : "Save and try it"}
          </SubmitButton>
        </div>
      </form>
    </details>
  );
}
