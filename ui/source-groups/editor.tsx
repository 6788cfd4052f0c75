// The page that adds or edits a source group: name, paths, retention, retries, repos and hooks.
import { EditorForm } from "../components/editor-form.tsx";
import { FormMessage } from "../components/field.tsx";
import { LedgerSection } from "../components/panels.tsx";
import { HostSubPage } from "../hosts/sub-page.tsx";
import { PageHead } from "../layout.tsx";
import { hostPath } from "../links.ts";
import type { View } from "../view.ts";
import { DeleteGroup } from "./delete.tsx";
import { NameSection, PathsSection, ReposSection, RetrySection } from "./fields.tsx";
import { Held, RemovalQuestion } from "./held.tsx";
import { HooksForm } from "./hooks.tsx";
import { RetentionLanes } from "./lanes.tsx";
import type { SourceGroupEditorProps } from "./types.ts";
import { EditorVerdict } from "./verdict.tsx";

export function SourceGroupEditor({ view, ...data }: SourceGroupEditorProps & { view: View }) {
  const { host, group, form, preview } = data;
  const list = hostPath(host.id, "sources");
  const path = group.id ? `${list}/${group.id}` : `${list}/new`;
  return (
    <HostSubPage
      view={view}
      title={group.id ? `${group.name} on ${host.name}` : `New source group on ${host.name}`}
      host={host}
      tab="sources"
      here={group.id ? <code>{group.name}</code> : "New"}
    >
      <PageHead view={view}>
        <EditorVerdict {...data} view={view} />
      </PageHead>
      {data.held && group.id ? <Held words={data.held} action={`${path}/confirm-retention`} view={view} /> : null}
      <EditorForm
        action={path}
        csrf={view.csrf}
        seen={data.seen}
        form={form}
        noun="source group"
        back={list}
        deletes="delete-group"
      >
        {form.errors.confirm_removal ? (
          <RemovalQuestion words={form.errors.confirm_removal} />
        ) : (
          <FormMessage form={form} />
        )}
        <NameSection {...data} />
        <PathsSection {...data} />
        <LedgerSection
          id="keep-title"
          title="Retention"
          about={`The preview shows which snapshots are left after a year${data.schedules.length > 0 ? ` of running ${data.schedules.join(" and ")}` : group.id ? "" : " on the host’s first schedule"}. Periods such as 14d, 3m or 1y6m are counted back from the latest snapshot. Leave all rules empty to keep everything.`}
        >
          <div>
            <RetentionLanes
              form={form}
              retention={group.retention}
              preview={preview}
              previewPath={`${list}/retention${group.id ? `?group=${group.id}` : ""}`}
            />
            <noscript>
              <div class="lane-foot">
                <button class="btn" type="submit" name="preview" value="1">
                  Preview retention
                </button>
              </div>
            </noscript>
          </div>
        </LedgerSection>
        <RetrySection {...data} />
        {data.repos.length > 1 ? <ReposSection {...data} /> : null}
      </EditorForm>
      {data.hooks && group.id ? (
        <HooksForm {...data.hooks} action={`${path}/hooks`} csrf={view.csrf} hostName={host.name} />
      ) : null}
      {group.id ? <DeleteGroup group={group} host={host} path={path} why={data.undeletable} csrf={view.csrf} /> : null}
    </HostSubPage>
  );
}
