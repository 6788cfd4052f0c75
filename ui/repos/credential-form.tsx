// Changing what opens a repo. Passwords left empty stay as they are; the old credential is kept until the new one works.
import type { RepoRow } from "../../db/schema/repos.ts";
import { SubmitButton } from "../components/button.tsx";
import { Csrf, emptyForm, FormMessage, type FormState, LinesField, TextField } from "../components/field.tsx";
import type { View } from "../view.ts";
import type { CredentialView } from "./page.tsx";

export function CredentialForm(props: {
  known: CredentialView;
  repo: Pick<RepoRow, "kind" | "resticId" | "status">;
  action: string;
  refused: FormState | null;
  view: View;
}) {
  const { known, repo, action, refused, view } = props;
  const form = refused ?? emptyForm;
  const hint = "Empty keeps the one in use.";
  // While the repository opens, another restic password needs a new key in it first.
  const takesPassword = repo.resticId === null || repo.status === "failed";
  return (
    <details class="change" open={refused !== null} id="change">
      <summary class="btn btn-s">Change…</summary>
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
          maxlength={2048}
          autocomplete="off"
        />
        {repo.kind === "rest" ? (
          <div class="fields-2">
            <TextField
              name="http_username"
              label="HTTP user"
              form={form}
              value={known.httpUsername ?? ""}
              mono
              autocomplete="off"
            />
            <TextField
              name="http_password"
              label="HTTP password"
              type="password"
              form={form}
              autocomplete="new-password"
              hint={hint}
            />
          </div>
        ) : null}
        {takesPassword ? (
          <TextField
            name="repo_password"
            label="Restic password"
            type="password"
            form={form}
            autocomplete="new-password"
            hint={hint}
          />
        ) : null}
        {["s3", "b2", "other"].includes(repo.kind) ? (
          <LinesField
            name="env"
            label="Environment"
            form={form}
            rows={3}
            placeholder={"AWS_ACCESS_KEY_ID=…\nAWS_SECRET_ACCESS_KEY=…"}
            hint="One NAME=value a line. Empty keeps what is in use."
          />
        ) : null}
        <p class="hint">
          Tried at once by the host. The one in use now is kept until the new one has opened the repository.
          {takesPassword ? "" : " The restic password itself cannot be changed here."}
        </p>
        <div class="btns">
          <SubmitButton primary small>
            Save and try it
          </SubmitButton>
        </div>
      </form>
    </details>
  );
}
