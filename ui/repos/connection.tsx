// What opens a repo: the everyday credential that its host holds, and the admin one that may delete.
import type { RepoRow } from "../../db/schema/repos.ts";
import { OpenButton } from "../components/button.tsx";
import { ConfirmDialog } from "../components/floats.tsx";
import { FactRows, LedgerSection } from "../components/panels.tsx";
import { Near } from "../components/time.tsx";
import type { View } from "../view.ts";
import { CredentialForm } from "./credential-form.tsx";
import type { ConnectionProps, CredentialView } from "./types.ts";

export function ConnectionSection(props: ConnectionProps) {
  const { everyday, repo } = props;
  return (
    <LedgerSection id="connection" title="Connection" about="The host holds only the everyday credential.">
      {everyday === null ? (
        <FactRows
          facts={[
            ["Address", <code>{repo.url}</code>],
            ["User and passwords", "shown to operators only"],
          ]}
        />
      ) : (
        <div class="creds">
          <Everyday {...props} known={everyday} />
          <Admin {...props} known={everyday} />
        </div>
      )}
    </LedgerSection>
  );
}

function Everyday({ known, repo, path, refused, editable, view }: ConnectionProps & { known: CredentialView }) {
  return (
    <div>
      <div class="cred-head">
        <h3>Everyday credential</h3>
      </div>
      <FactRows
        facts={[
          ["Address", <code>{known.url}</code>],
          ...shownParts(known, repo),
          ["Restic password", known.isUnreadable ? "not known" : "set"],
          ["Changed", <Near at={known.rotatedAt} view={view} />],
          ["State", <TrialWords known={known} view={view} />],
        ]}
      />
      {editable ? (
        <CredentialForm
          slot="everyday"
          known={known}
          repo={repo}
          action={`${path}/credentials/everyday`}
          refused={refused?.slot === "everyday" ? refused.form : null}
          view={view}
        />
      ) : null}
    </div>
  );
}

function Admin({ known, admin, repo, path, refused, editable, view }: ConnectionProps & { known: CredentialView }) {
  return (
    <div>
      <div class="cred-head">
        <h3>Admin credential</h3>
        {editable && admin ? (
          <OpenButton dialog="remove-admin" danger small>
            Remove…
          </OpenButton>
        ) : null}
      </div>
      {admin ? (
        <FactRows
          facts={[
            ["Address", <code>{admin.url}</code>],
            ...shownParts(admin, repo),
            ["Changed", <Near at={admin.rotatedAt} view={view} />],
            ["State", <AdminWords admin={admin} view={view} />],
          ]}
        />
      ) : (
        <p class="hint">{NO_ADMIN[repo.appendOnly]}</p>
      )}
      {editable ? (
        <CredentialForm
          slot="admin"
          known={admin ?? known}
          isNew={admin === null}
          repo={repo}
          action={`${path}/credentials/admin`}
          refused={refused?.slot === "admin" ? refused.form : null}
          view={view}
        />
      ) : null}
      {editable && admin ? (
        <ConfirmDialog
          id="remove-admin"
          title="Remove the admin credential?"
          action={`${path}/credentials/admin/remove`}
          csrf={view.csrf}
          verb="Remove it"
        >
          <p>
            Forget and prune stop until there is another one. Nothing in the repository changes, and the repo server’s
            user stays.
          </p>
        </ConfirmDialog>
      ) : null}
    </div>
  );
}

const NO_ADMIN: Record<RepoRow["appendOnly"], string> = {
  proven: "None yet. The everyday one must not delete, so forget and prune wait for an admin credential.",
  unknown:
    "None yet. Whether the everyday one may delete is not known, so forget and prune wait for an admin credential.",
  violated: "None. The everyday one may delete, so it serves for forget and prune, too.",
  not_applicable: "None. The everyday one may delete, so it serves for forget and prune, too.",
};

function shownParts(known: CredentialView, repo: Pick<RepoRow, "kind">) {
  return [
    ["HTTP user", known.httpUsername ? <code>{known.httpUsername}</code> : null],
    ["HTTP password", repo.kind === "rest" ? (known.hasHttpPassword ? "set" : "none") : null],
    ["Environment", known.envNames.length > 0 ? <code>{known.envNames.join(", ")}</code> : null],
  ] as const;
}

const UNREADABLE = (
  <span class="is-failed">
    What is stored does not open: it was damaged or moved in the database. Enter all of it anew.
  </span>
);

function TrialWords({ known, view }: { known: CredentialView; view: View }) {
  if (known.isUnreadable) return UNREADABLE;
  if (known.trialError && known.trialAgainAt !== null)
    return (
      <span class="is-failed">
        The new one could not be tried: {known.trialError} It is retried{" "}
        {known.trialAgainAt <= view.now ? "soon" : <Near at={known.trialAgainAt} view={view} />}; the one before it
        stays in use.
      </span>
    );
  if (known.trialError)
    return <span class="is-failed">The new one was refused: {known.trialError} The one before it stays in use.</span>;
  if (known.onTrial) return <span class="is-running">The new one is being tried; the one before it is in use.</span>;
  return <>in use</>;
}

function AdminWords({ admin, view }: { admin: CredentialView; view: View }) {
  if (admin.isUnreadable) return UNREADABLE;
  if (admin.trialError) return <span class="is-failed">It does not do: {admin.trialError}</span>;
  if (admin.provedAt === null) return <>not used yet; the next forget or prune shows whether it may delete</>;
  return (
    <>
      proved <Near at={admin.provedAt} view={view} /> · sent for one job at a time, never stored on the host
    </>
  );
}
