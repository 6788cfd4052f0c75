// A repo's identity with its name, role and compression, and the danger zone.
import type { RepoRow } from "../../db/schema/repos.ts";
import { emptyForm, type FormState } from "../../shared/pages.ts";
import { BlockedButton, OpenButton, SubmitButton, Verb } from "../components/button.tsx";
import { Checkbox, Csrf, FormMessage, SelectField, TextField } from "../components/field.tsx";
import { ConfirmDialog } from "../components/floats.tsx";
import { FactRows, LedgerSection } from "../components/panels.tsx";
import { formatPlural } from "../format.ts";
import { may, type View } from "../view.ts";
import { RepoLinks, type Sharer } from "./notices.tsx";

type IdentityRepo = Pick<RepoRow, "name" | "isPrimary" | "kind" | "compression" | "resticId" | "formatVersion">;

const COMPRESSION = [
  { value: "auto", label: "Automatic" },
  { value: "max", label: "Maximum (slower)" },
  { value: "off", label: "None" },
] as const;

/** restic compresses only from format 2 on, but silently accepts the setting for format 1. */
const cannotCompress = ({ formatVersion }: IdentityRepo) => formatVersion === 1;

function compressionInWords(repo: IdentityRepo): string {
  const label = COMPRESSION.find(({ value }) => value === repo.compression)?.label ?? repo.compression;
  if (!cannotCompress(repo) || repo.compression === "off") return label;
  return `${label}, but without effect: format 1 repositories cannot compress`;
}

function UpgradeHint() {
  return (
    <>
      No effect in a format 1 repository. Upgrade it with <code>restic migrate upgrade_repo_v2</code>
    </>
  );
}

export function IdentitySection(props: {
  repo: IdentityRepo;
  sharers: readonly Sharer[];
  path: string;
  form: FormState | null;
  editable: boolean;
  view: View;
}) {
  const { repo, sharers, path, form, editable, view } = props;
  const state = form ?? emptyForm;
  return (
    <LedgerSection
      id="identity"
      title="Identity"
      about="Read from the repository. A different one at this address is refused."
    >
      <div class="rows">
        <FactRows
          facts={[
            ["Repository ID", repo.resticId ? <code>{repo.resticId.slice(0, 12)}</code> : "unknown until it is opened"],
            ["Format", repo.formatVersion === null ? null : `version ${repo.formatVersion}`],
            ["Kind", <code>{repo.kind}</code>],
            ["Role", repo.isPrimary ? "primary repo, the default for source groups" : "additional repo"],
            ["Compression", compressionInWords(repo)],
            [
              "Shared with",
              sharers.length === 0 ? null : (
                <>
                  <RepoLinks repos={sharers} />. They are one repository, but each list shows only its own host’s
                  snapshots
                </>
              ),
            ],
          ]}
        />
        {editable ? (
          <details class="change" open={form !== null} id="change-identity">
            <summary class="btn btn-s">Change…</summary>
            <form method="post" action={path} class="rows change-form">
              <Csrf token={view.csrf} />
              <FormMessage form={state} />
              <div class="fields-2">
                <TextField
                  name="name"
                  label="Name"
                  form={state}
                  value={repo.name}
                  mono
                  required
                  maxlength={64}
                  autocomplete="off"
                />
                <SelectField
                  name="compression"
                  label="Compression"
                  form={state}
                  value={repo.compression}
                  options={COMPRESSION}
                  hint={cannotCompress(repo) ? <UpgradeHint /> : "Applies to new data only"}
                />
              </div>
              <div class="btns">
                <SubmitButton primary small>
                  Save changes
                </SubmitButton>
              </div>
            </form>
          </details>
        ) : null}
        {editable && !repo.isPrimary ? (
          <Verb action={path} csrf={view.csrf} fields={{ is_primary: "true" }} small>
            Set as primary repo
          </Verb>
        ) : null}
      </div>
    </LedgerSection>
  );
}

export type DangerProps = {
  repo: Pick<RepoRow, "name" | "isPrimary" | "status" | "statusCode" | "snapshotCount">;
  hostName: string;
  path: string;
  /** Source groups that use it. */
  usedBy: readonly string[];
  refused: { of: "reinit" | "remove"; form: FormState } | null;
  view: View;
};

export function DangerSection({ repo, hostName, path, usedBy, refused, view }: DangerProps) {
  if (!may(view, "admin")) return null;
  const isGone = repo.status === "failed" && repo.statusCode === "repo_missing";
  const host = <code>{hostName}</code>;
  const name = <code>{repo.name}</code>;
  const whyNotRemove = repo.isPrimary
    ? "This is the primary repo. Set another one as primary first."
    : usedBy.length > 0
      ? `${usedBy.join(", ")} ${usedBy.length === 1 ? "uses" : "use"} it. Choose another repo there first.`
      : null;
  return (
    <LedgerSection id="danger" title="Danger zone" about="Each action asks you to type the host’s name." danger>
      <ul class="danger-list">
        <li>
          <div>
            <b>Re-initialise</b>
            <p class="t2" id="reinit-why">
              Creates a new, empty repository at this address. {isGone ? goneWords(repo) : notGoneWords(repo)}
            </p>
          </div>
          {isGone ? (
            <OpenButton dialog="reinit" danger>
              Re-initialise…
            </OpenButton>
          ) : (
            <BlockedButton why="reinit-why">Re-initialise…</BlockedButton>
          )}
        </li>
        <li>
          <div>
            <b>Remove this repo from {host}</b>
            <p class="t2" id="remove-why">
              This server stops using it. The repository and its data stay untouched.
              {whyNotRemove ? ` ${whyNotRemove}` : ""}
            </p>
          </div>
          {whyNotRemove === null ? (
            <OpenButton dialog="remove" danger>
              Remove…
            </OpenButton>
          ) : (
            <BlockedButton why="remove-why">Remove…</BlockedButton>
          )}
        </li>
      </ul>
      {isGone ? (
        <ConfirmDialog
          id="reinit"
          title={<>Create a new repository for {name}?</>}
          action={`${path}/reinit`}
          csrf={view.csrf}
          typed={hostName}
          error={refused?.of === "reinit" ? messageOf(refused.form) : undefined}
          keep="Cancel"
          verb="Re-initialise"
        >
          <p>
            If the old repository is only unreachable (such as an unmounted disk or a wrong address), fix that instead.
            The agent checks again and creates a new one only if there is none.
          </p>
          {usedBy.length > 0 ? (
            <Checkbox
              name="backup_now"
              label="Back up to it at once"
              hint={`${usedBy.length === 1 ? "Source group" : "Source groups"} ${usedBy.join(", ")}, as soon as it exists. Otherwise at the next run`}
              checked
              form={refused?.of === "reinit" ? refused.form : emptyForm}
              scope="reinit"
            />
          ) : null}
        </ConfirmDialog>
      ) : null}
      {whyNotRemove === null ? (
        <ConfirmDialog
          id="remove"
          title={<>Remove {name}?</>}
          action={`${path}/remove`}
          csrf={view.csrf}
          typed={hostName}
          error={refused?.of === "remove" ? messageOf(refused.form) : undefined}
          keep="Cancel"
          verb="Remove repo"
        >
          <p>
            Its credentials stay encrypted on this server, because they may be the only copy of its restic password.
          </p>
        </ConfirmDialog>
      ) : null}
    </LedgerSection>
  );
}

function messageOf(form: FormState): string {
  return form.errors.confirm ?? form.message ?? "The request was refused.";
}

function goneWords({ snapshotCount }: Pick<RepoRow, "snapshotCount">): string {
  const none = "The agent no longer finds one there";
  return snapshotCount === 0
    ? `${none}.`
    : `${none}. The old one’s ${formatPlural(snapshotCount, "snapshot")} will no longer be listed here.`;
}

function notGoneWords({ status }: Pick<RepoRow, "status">): string {
  return status === "ready"
    ? "Not possible while one exists there. Move it away on the repo server first, then press Probe now above."
    : "Possible once the agent has found that there is none.";
}
