// The editor of a source group: name, paths, retention with its lanes, retries, repos; and, apart, its hooks. Also the page for a new one.
import type { Child } from "hono/jsx";
import type { SourceGroupRow } from "../../db/schema/source-groups.ts";
import { excludePreset } from "../../shared/exclude-preset.ts";
import { LinkButton, OpenButton, SubmitButton } from "../components/button.tsx";
import {
  Csrf,
  FieldError,
  FormMessage,
  type FormState,
  LinesField,
  SaveBar,
  SeenState,
  TextField,
  Tick,
} from "../components/field.tsx";
import { ConfirmDialog } from "../components/floats.tsx";
import { Crumbs, LedgerSection, Notice } from "../components/panels.tsx";
import { hostPath } from "../hosts/frame.tsx";
import type { LastBackup } from "../hosts/words.tsx";
import { Page, PageHead } from "../layout.tsx";
import { may, type View } from "../view.ts";
import { DeleteGroup } from "./delete.tsx";
import { HooksForm, type HooksFormProps } from "./hooks.tsx";
import { RetentionLanes, type RetentionPreview } from "./lanes.tsx";
import { EditorVerdict } from "./verdict.tsx";

export type SourceGroupEditorProps = {
  host: { id: string; name: string; os: "linux" | "windows" };
  /** What the fields show at first; `id` is null for a new group. */
  group: Pick<
    SourceGroupRow,
    | "name"
    | "tag"
    | "includes"
    | "excludes"
    | "excludeCaches"
    | "oneFileSystem"
    | "logFiles"
    | "retention"
    | "retryMax"
    | "retryBackoffSeconds"
  > & { id: string | null; updatedAt: number | null };
  isTagFixed: boolean;
  last: LastBackup;
  /** Enabled schedules that run it, in words. */
  schedules: readonly string[];
  repos: readonly { id: string; name: string; isPrimary: boolean; chosen: boolean }[];
  preview: RetentionPreview;
  conflicts: number;
  /** Forget is held until a person agrees: what would go, in one sentence. */
  held: string | null;
  form: FormState;
  /** Why the group cannot be deleted; null when it can. */
  undeletable: Child | null;
  /** Null for those who may not see hooks. */
  hooks: Omit<HooksFormProps, "action" | "csrf" | "hostName"> | null;
};

export function SourceGroupEditor({ view, ...data }: SourceGroupEditorProps & { view: View }) {
  const { host, group, form, preview } = data;
  const list = hostPath(host.id, "sources");
  const path = group.id ? `${list}/${group.id}` : `${list}/new`;
  const hostName = <code>{host.name}</code>;
  return (
    <Page view={view} title={group.id ? `${group.name} on ${host.name}` : `New source group on ${host.name}`}>
      <Crumbs
        crumbs={[
          { label: "Dashboard", href: "/" },
          { label: hostName, href: hostPath(host.id) },
          { label: "Sources", href: list },
          { label: group.id ? <code>{group.name}</code> : "New" },
        ]}
      />
      <PageHead view={view}>
        <EditorVerdict {...data} view={view} />
      </PageHead>
      {data.held && group.id ? <Held words={data.held} action={`${path}/confirm-retention`} view={view} /> : null}
      <form class="ledger" method="post" action={path} id="editor" novalidate>
        <Csrf token={view.csrf} />
        <SeenState updatedAt={group.updatedAt} form={form} />
        {form.errors.confirm_removal ? (
          <RemovalQuestion words={form.errors.confirm_removal} />
        ) : (
          <FormMessage form={form} />
        )}
        <NameSection {...data} />
        <PathsSection {...data} />
        <LedgerSection
          id="keep-title"
          title="What to keep"
          about={`The lanes show which of the coming year’s snapshots are still there at its end${data.schedules.length > 0 ? `, if it goes on running ${data.schedules.join(" and ")}` : group.id ? "" : ", if it runs as the host’s first schedule does"}. Spans are counted back from the newest snapshot: 14d, 3m, 1y6m. An empty policy keeps everything.`}
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
                  Preview
                </button>
              </div>
            </noscript>
          </div>
        </LedgerSection>
        <RetrySection {...data} />
        {data.repos.length > 1 ? <ReposSection {...data} /> : null}
        <SaveBar form={form}>
          <SubmitButton primary>{group.id ? "Save source group" : "Add source group"}</SubmitButton>
          <LinkButton href={list} quiet>
            Cancel
          </LinkButton>
          {group.id ? (
            <OpenButton dialog="delete-group" danger>
              Delete…
            </OpenButton>
          ) : null}
        </SaveBar>
      </form>
      {data.hooks && group.id ? (
        <HooksForm {...data.hooks} action={`${path}/hooks`} csrf={view.csrf} hostName={host.name} />
      ) : null}
      {group.id ? <DeleteGroup group={group} host={host} path={path} why={data.undeletable} csrf={view.csrf} /> : null}
    </Page>
  );
}

/** Existing snapshots would go: how many, which days; the answer travels with the form. */
function RemovalQuestion({ words }: { words: string }) {
  return (
    <section aria-labelledby="removal-title">
      <div class="about">
        <h2 id="removal-title">Snapshots would go</h2>
        <p>Nothing was saved yet.</p>
      </div>
      <div class="fields" id="confirm_removal">
        <Notice glyph="warning" reason={words}>
          Say whether they may, and save again.
        </Notice>
        <label class="check">
          <input type="radio" name="confirm_removal" value="no" checked />
          <span>
            Save, and remove nothing for now
            <small>The next forget leaves this group alone until somebody confirms here.</small>
          </span>
        </label>
        <label class="check">
          <input type="radio" name="confirm_removal" value="yes" />
          <span>
            Save, and let them go
            <small>They are removed at the next forget; that cannot be undone.</small>
          </span>
        </label>
      </div>
    </section>
  );
}

function Held({ words, action, view }: { words: string; action: string; view: View }) {
  return (
    <div class="banner">
      <Notice
        glyph="warning"
        reason="Nothing of this group is removed for now."
        verbs={
          may(view, "operator") ? (
            <OpenButton dialog="let-go" small danger>
              Let them go…
            </OpenButton>
          ) : null
        }
      >
        {words} Somebody has to agree first, or change the retention.
      </Notice>
      <ConfirmDialog
        id="let-go"
        title="Let these snapshots go?"
        action={action}
        csrf={view.csrf}
        keep="Keep them"
        verb="Let them go"
      >
        <p>{words} That cannot be undone.</p>
      </ConfirmDialog>
    </div>
  );
}

function NameSection({ group, form, isTagFixed }: SourceGroupEditorProps) {
  return (
    <LedgerSection id="name-title" title="Name" about="How it is called here, and what marks its snapshots in restic.">
      <div class="fields">
        <div class="fields-2">
          <TextField
            name="name"
            label="Name"
            form={form}
            value={group.name}
            mono
            required
            maxlength={64}
            autocomplete="off"
            hint="Letters, digits, dot, dash and underscore read best."
          />
          {isTagFixed ? (
            <div class="field">
              <span class="label">Tag of its snapshots</span>
              <code>{group.tag}</code>
              <p class="hint">Fixed, because backups carry it. It stays when the name changes.</p>
            </div>
          ) : (
            <TextField
              name="tag"
              label="Tag of its snapshots"
              form={form}
              value={group.tag}
              mono
              maxlength={64}
              autocomplete="off"
              hint="Empty: made from the name. Fixed once it was backed up."
            />
          )}
        </div>
      </div>
    </LedgerSection>
  );
}

function PathsSection({ host, group, form }: SourceGroupEditorProps) {
  const isLinux = host.os === "linux";
  return (
    <LedgerSection
      id="paths-title"
      title="What to back up"
      about={
        <>
          Absolute paths on <code>{host.name}</code>, one per line.
        </>
      }
    >
      <div class="fields">
        <div class="fields-2">
          <LinesField
            name="includes"
            label="Includes"
            form={form}
            value={group.includes.join("\n")}
            required
            rows={6}
            placeholder={isLinux ? "/etc\n/home" : "C:\\Users"}
            hint="Folders and files. A folder brings everything below it."
          />
          <LinesField
            name="excludes"
            label="Excludes"
            form={form}
            value={(group.id ? group.excludes : excludePreset(host.os)).join("\n")}
            rows={6}
            hint="Patterns of restic: * within a name, ** across folders. Spaces around a line do not count; $ is itself."
          />
        </div>
        <div class="fields-2">
          <Tick
            name="exclude_caches"
            label="Exclude caches"
            hint="Folders that hold a CACHEDIR.TAG file"
            checked={group.excludeCaches}
            form={form}
          />
          {isLinux ? (
            <Tick
              name="one_file_system"
              label="Stay on one file system"
              hint="Do not follow mounts below these paths"
              checked={group.oneFileSystem}
              form={form}
            />
          ) : null}
          <Tick
            name="log_files"
            label="Log every file"
            hint="New and changed files in the job’s log; long"
            checked={group.logFiles}
            form={form}
          />
        </div>
      </div>
    </LedgerSection>
  );
}

function RetrySection({ group, form }: SourceGroupEditorProps) {
  return (
    <LedgerSection
      id="retry-title"
      title="When it fails"
      about="A scheduled run tries again after a locked or unreachable repo, waiting twice as long each time."
    >
      <div class="fields">
        <div class="fields-2">
          <TextField
            name="retry_max"
            label="Tries again"
            form={form}
            value={String(group.retryMax)}
            inputmode="numeric"
            maxlength={2}
            autocomplete="off"
            hint="0 never, 10 at most"
          />
          <TextField
            name="retry_backoff_seconds"
            label="First wait, seconds"
            form={form}
            value={String(group.retryBackoffSeconds)}
            inputmode="numeric"
            maxlength={5}
            autocomplete="off"
            hint="Then twice as long each time; never above 30 min"
          />
        </div>
      </div>
    </LedgerSection>
  );
}

function ReposSection({ repos, form }: SourceGroupEditorProps) {
  const sent = Object.keys(form.values).length > 0;
  const typed = (form.values.repo_ids ?? "").split(" ");
  return (
    <LedgerSection
      id="repos-title"
      title="Where to"
      about="One job for each repo. None ticked: the primary repo, whichever that is."
    >
      <div class="fields" id="repo_ids">
        <input type="hidden" name="has_repos" value="1" />
        {repos.map(({ id, name, isPrimary, chosen }) => (
          <label class="check">
            <input type="checkbox" name="repo_ids" value={id} checked={sent ? typed.includes(id) : chosen} />
            <span>
              <span class="host-name">{name}</span>
              {isPrimary ? <small>primary</small> : null}
            </span>
          </label>
        ))}
        {form.errors.repo_ids ? <FieldError>{form.errors.repo_ids}</FieldError> : null}
      </div>
    </LedgerSection>
  );
}
