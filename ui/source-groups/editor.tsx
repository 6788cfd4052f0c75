// The plain editor of a source group: name, includes, excludes. Also the page for a new one.
import type { SourceGroupRow } from "../../db/schema/source-groups.ts";
import { excludePreset } from "../../shared/exclude-preset.ts";
import { LinkButton, OpenButton, SubmitButton } from "../components/button.tsx";
import { Csrf, FormMessage, type FormState, LinesField, SaveBar, TextField, Tick } from "../components/field.tsx";
import { ConfirmDialog } from "../components/floats.tsx";
import { Crumbs, LedgerSection } from "../components/panels.tsx";
import { Verdict } from "../components/status.tsx";
import { hostPath } from "../hosts/frame.tsx";
import { Page, PageHead } from "../layout.tsx";
import type { View } from "../view.ts";

export type SourceGroupEditorProps = {
  host: { id: string; name: string; os: "linux" | "windows" };
  /** Null for a new group. */
  group: Pick<
    SourceGroupRow,
    "id" | "name" | "tag" | "includes" | "excludes" | "excludeCaches" | "oneFileSystem"
  > | null;
  form: FormState;
  /** False for the only group of a host, which must stay. */
  deletable: boolean;
};

export function SourceGroupEditor({ view, host, group, form, deletable }: SourceGroupEditorProps & { view: View }) {
  const list = hostPath(host.id, "sources");
  const action = group ? `${list}/${group.id}` : `${list}/new`;
  const hostName = <code>{host.name}</code>;
  return (
    <Page view={view} title={group ? `${group.name} on ${host.name}` : `New source group on ${host.name}`}>
      <Crumbs
        crumbs={[
          { label: "Dashboard", href: "/" },
          { label: hostName, href: hostPath(host.id) },
          { label: "Sources", href: list },
          { label: group ? <code>{group.name}</code> : "New" },
        ]}
      />
      <PageHead view={view}>
        {group ? (
          <Verdict
            glyph="ok"
            sub={
              <>
                Tag of its snapshots: <code>{group.tag}</code>. It stays when the name changes.
              </>
            }
          >
            <code>{group.name}</code> on {hostName}
          </Verdict>
        ) : (
          <Verdict>A new source group on {hostName}</Verdict>
        )}
      </PageHead>
      <form class="ledger" method="post" action={action} id="editor">
        <Csrf token={view.csrf} />
        <FormMessage form={form} />
        <LedgerSection
          id="name-title"
          title="Name"
          about="How it is called here and, in a short form, in the repository."
        >
          <div class="fields">
            <TextField
              name="name"
              label="Name"
              form={form}
              value={group?.name ?? ""}
              mono
              required
              maxlength={64}
              autocomplete="off"
              hint="Letters, digits, dot, dash and underscore read best."
            />
          </div>
        </LedgerSection>
        <LedgerSection
          id="paths-title"
          title="What to back up"
          about={<>Absolute paths on {hostName}, one per line.</>}
        >
          <div class="fields">
            <div class="fields-2">
              <LinesField
                name="includes"
                label="Includes"
                form={form}
                value={group?.includes.join("\n") ?? ""}
                required
                rows={6}
                placeholder={host.os === "windows" ? "C:\\Users" : "/etc\n/home"}
                hint="Folders and files. A folder brings everything below it."
              />
              <LinesField
                name="excludes"
                label="Excludes"
                form={form}
                value={(group?.excludes ?? excludePreset(host.os)).join("\n")}
                rows={6}
                hint="Patterns of restic: * within a name, ** across folders."
              />
            </div>
            <div class="fields-2">
              <Tick
                name="exclude_caches"
                label="Exclude caches"
                hint="Folders that hold a CACHEDIR.TAG file"
                checked={group?.excludeCaches ?? true}
                form={form}
              />
              <Tick
                name="one_file_system"
                label="Stay on one file system"
                hint="Do not follow mounts below these paths"
                checked={group?.oneFileSystem ?? false}
                form={form}
              />
            </div>
          </div>
        </LedgerSection>
        <SaveBar form={form}>
          <SubmitButton primary>{group ? "Save" : "Add source group"}</SubmitButton>
          <LinkButton href={list} quiet>
            Cancel
          </LinkButton>
          {group && deletable ? (
            <OpenButton dialog="delete-group" danger>
              Delete…
            </OpenButton>
          ) : null}
        </SaveBar>
      </form>
      {group && deletable ? (
        <ConfirmDialog
          id="delete-group"
          title={
            <>
              Delete <code>{group.name}</code>?
            </>
          }
          action={`${list}/${group.id}/delete`}
          csrf={view.csrf}
          verb="Delete group"
        >
          <p>
            {hostName} no longer backs up these paths. Snapshots that exist stay in the repository, listed without a
            group.
          </p>
        </ConfirmDialog>
      ) : null}
    </Page>
  );
}
