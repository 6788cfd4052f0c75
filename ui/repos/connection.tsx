// A repo's credentials: the everyday one on its host, and the admin one that may delete.
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
    <LedgerSection id="connection" title="Connection" about="Only the everyday credential is stored on the host.">
      {everyday === null ? (
        <FactRows
          facts={[
            ["Address", <code>{repo.url}</code>],
            ["User and passwords", "visible to operators only"],
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
          ["Restic password", known.isUnreadable ? "unknown" : "set"],
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
          verb="Remove credential"
        >
          <p>
            Forget and prune stop until you enter another one. The repository and the user on the repo server stay
            unchanged.
          </p>
        </ConfirmDialog>
      ) : null}
    </div>
  );
}

const NO_ADMIN: Record<RepoRow["appendOnly"], string> = {
  proven: "None yet. The everyday credential cannot delete, so forget and prune need an admin credential.",
  unknown:
    "None yet. It has not been tested whether the everyday credential can delete, so forget and prune need an admin credential.",
  violated: "None. The everyday credential can delete, so forget and prune use it too.",
  not_applicable: "None. The everyday credential can delete, so forget and prune use it too.",
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
    The stored credential cannot be decrypted because it was damaged or moved in the database. Enter all of it again.
  </span>
);

function TrialWords({ known, view }: { known: CredentialView; view: View }) {
  if (known.isUnreadable) return UNREADABLE;
  if (known.trialError && known.trialAgainAt !== null)
    return (
      <span class="is-failed">
        The new credential could not be tested: {known.trialError} Next attempt:{" "}
        {known.trialAgainAt <= view.now ? "soon" : <Near at={known.trialAgainAt} view={view} />}. The previous one stays
        in use.
      </span>
    );
  if (known.trialError)
    return (
      <span class="is-failed">The new credential was refused: {known.trialError} The previous one stays in use.</span>
    );
  if (known.onTrial)
    return <span class="is-running">The new credential is being tested. Until then the previous one is in use.</span>;
  return <>in use</>;
}

function AdminWords({ admin, view }: { admin: CredentialView; view: View }) {
  if (admin.isUnreadable) return UNREADABLE;
  if (admin.trialError) return <span class="is-failed">It does not work: {admin.trialError}</span>;
  if (admin.provedAt === null) return <>not used yet. The next forget or prune shows whether it can delete</>;
  return (
    <>
      confirmed <Near at={admin.provedAt} view={view} /> · sent for one job at a time, never stored on the host
    </>
  );
}
