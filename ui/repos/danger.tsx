// What cannot be undone on a repo's page, and its name, role and compression beside it.
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
  { value: "max", label: "Strongest, slower" },
  { value: "off", label: "None" },
] as const;

/** restic compresses from format 2 on, and takes the setting for format 1 without a word. */
const cannotCompress = ({ formatVersion }: IdentityRepo) => formatVersion === 1;

function compressionInWords(repo: IdentityRepo): string {
  const label = COMPRESSION.find(({ value }) => value === repo.compression)?.label ?? repo.compression;
  if (!cannotCompress(repo) || repo.compression === "off") return label;
  return `${label} (has no effect: repositories of format 1 cannot compress)`;
}

function UpgradeHint() {
  return (
    <>
      No effect in a repository of format 1. <code>restic migrate upgrade_repo_v2</code> upgrades it
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
      about="From the repository itself; another one at this address is refused."
    >
      <div class="rows">
        <FactRows
          facts={[
            ["Repository id", repo.resticId ? <code>{repo.resticId.slice(0, 12)}</code> : "not known yet"],
            ["Format", repo.formatVersion === null ? null : `version ${repo.formatVersion}`],
            ["Kind", <code>{repo.kind}</code>],
            ["Role", repo.isPrimary ? "primary repo of this host: groups without a choice go here" : "further repo"],
            ["Compression", compressionInWords(repo)],
            [
              "Shared with",
              sharers.length === 0 ? null : (
                <>
                  <RepoLinks repos={sharers} />: one repository; each list shows its own host’s snapshots only
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
                  hint={cannotCompress(repo) ? <UpgradeHint /> : "For what is stored from now on"}
                />
              </div>
              <div class="btns">
                <SubmitButton primary small>
                  Save
                </SubmitButton>
              </div>
            </form>
          </details>
        ) : null}
        {editable && !repo.isPrimary ? (
          <Verb action={path} csrf={view.csrf} fields={{ is_primary: "true" }} small>
            Make it the primary repo
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
  /** Groups that are backed up into it. */
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
    ? "It is the primary repo: make another one the primary first."
    : usedBy.length > 0
      ? `${usedBy.join(", ")} ${usedBy.length === 1 ? "is" : "are"} backed up into it: choose other repos there first.`
      : null;
  return (
    <LedgerSection id="danger" title="Danger zone" about="Each asks for the host’s name first." danger>
      <ul class="danger-list">
        <li>
          <div>
            <b>Re-initialise</b>
            <p class="t2" id="reinit-why">
              Makes a new, empty repository at this address. {isGone ? goneWords(repo) : notGoneWords(repo)}
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
              Stops what this server does with it. The repository and its data stay where they are.
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
          title={<>Make a new repository for {name}?</>}
          action={`${path}/reinit`}
          csrf={view.csrf}
          typed={hostName}
          error={refused?.of === "reinit" ? messageOf(refused.form) : undefined}
          keep="Cancel"
          verb="Re-initialise"
        >
          <p>
            If the old one only is not reachable (a disk that is not mounted, a mistyped address), mend that instead.
            The agent looks once more and makes a new one only if there still is none.
          </p>
          {usedBy.length > 0 ? (
            <Checkbox
              name="backup_now"
              label="Back up into it at once"
              hint={`${usedBy.length === 1 ? "Source group" : "Source groups"} ${usedBy.join(", ")}, as soon as it is there. Otherwise at the next run`}
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
          verb="Remove"
        >
          <p>Its credentials stay sealed on this server: they may be the only copy of its restic password.</p>
        </ConfirmDialog>
      ) : null}
    </LedgerSection>
  );
}

function messageOf(form: FormState): string {
  return form.errors.confirm ?? form.message ?? "That was refused.";
}

function goneWords({ snapshotCount }: Pick<RepoRow, "snapshotCount">): string {
  const none = "The agent finds none there any more";
  return snapshotCount === 0
    ? `${none}.`
    : `${none}; ${formatPlural(snapshotCount, "snapshot that was", "snapshots that were")} in the old one are no longer listed here.`;
}

function notGoneWords({ status }: Pick<RepoRow, "status">): string {
  return status === "ready"
    ? "Not possible now, because there is one: move it away on the repo server first, then press Probe now above."
    : "Possible once the agent has looked and found none there.";
}
