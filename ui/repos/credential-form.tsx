// Changing what opens a repo. Passwords left empty stay as they are; the old credential is kept until the new one works.
import type { RepoRow } from "../../db/schema/repos.ts";
import { SubmitButton } from "../components/button.tsx";
import { Csrf, emptyForm, type FormState, LinesField, TextField } from "../components/field.tsx";
import type { View } from "../view.ts";
import type { CredentialView } from "./page.tsx";

export function CredentialForm(props: {
  slot: "everyday" | "admin";
  known: CredentialView | null;
  repo: Pick<RepoRow, "kind" | "resticId">;
  action: string;
  refused: FormState | null;
  view: View;
}) {
  const { slot, known, repo, action, refused, view } = props;
  const form = refused ?? emptyForm;
  const keep = known?.hasPassword ? "Empty keeps the one in use." : undefined;
  const hint = keep === undefined ? {} : { hint: keep };
  return (
    <details class="change" open={refused !== null} id={`change-${slot}`}>
      <summary class="btn btn-s">{known ? "Change…" : "Add…"}</summary>
      <form method="post" action={action} class="rows change-form">
        <Csrf token={view.csrf} />
        <TextField
          name="url"
          label="Address"
          form={form}
          value={known?.url ?? ""}
          scope={slot}
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
              value={known?.httpUsername ?? ""}
              scope={slot}
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
              {...hint}
            />
          </div>
        ) : null}
        {repo.resticId === null ? (
          <TextField
            name="repo_password"
            label="Restic password"
            type="password"
            form={form}
            scope={slot}
            autocomplete="new-password"
            {...hint}
          />
        ) : null}
        {["s3", "b2", "other"].includes(repo.kind) ? (
          <LinesField
            name="env"
            label="Environment"
            form={form}
            scope={slot}
            rows={3}
            placeholder={"AWS_ACCESS_KEY_ID=…\nAWS_SECRET_ACCESS_KEY=…"}
            hint="One NAME=value a line. Empty keeps what is in use."
          />
        ) : null}
        <p class="hint">
          {slot === "everyday"
            ? "Tried at once by the host. The one in use now is kept until the new one has opened the repository."
            : "Used for forget and prune only; sent for one job at a time."}
          {repo.resticId === null ? "" : " The restic password itself cannot be changed here."}
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
