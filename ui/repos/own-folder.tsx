// The question where on the server to put the repository, for REST addresses without a path.
import type { RepoRow } from "../../db/schema/repos.ts";
import type { FormState } from "../../shared/pages.ts";
import { namesServerAlone } from "../../shared/repos.ts";
import { FieldError } from "../components/field.tsx";

/** Rendered only after the server has returned the form with this question. */
export function OwnFolderQuestion({ form, scope }: { form: FormState; scope?: string }) {
  const question = form.errors.own_folder;
  if (!question) return null;
  const id = scope ? `${scope}-own_folder` : "own_folder";
  return (
    <fieldset class="field" id={id}>
      <legend class="label">Where on the server?</legend>
      <FieldError>{question}</FieldError>
      <label class="check">
        <input type="radio" name="own_folder" value="yes" required />
        <span>
          The user’s own folder
          <small>Required by rest-server with --private-repos</small>
        </span>
      </label>
      <label class="check">
        <input type="radio" name="own_folder" value="no" required />
        <span>
          The root of the server
          <small>Uses the address as entered</small>
        </span>
      </label>
    </fieldset>
  );
}

/** With --private-repos, rest-server answers 401 at its root even to valid users. */
export function RootHint({ repo }: { repo: Pick<RepoRow, "url" | "statusCode"> }) {
  if (repo.statusCode !== "unauthorised" || !namesServerAlone(repo.url)) return null;
  return (
    <>
      {" "}
      The address has no path. With <code>--private-repos</code>, rest-server gives each user access to{" "}
      <code>{repo.url.replace(/\/?$/, "/")}USER/</code> only. If yours runs that way, change the address.
    </>
  );
}
