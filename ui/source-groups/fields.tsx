// The fields of a source group: name, paths, retries, repos. Retention has its lanes.
import { excludePreset } from "../../shared/exclude-preset.ts";
import { Checkbox, FieldError, isChecked, LinesField, NumberField, TextField } from "../components/field.tsx";
import { LedgerSection } from "../components/panels.tsx";
import { GroupProblems } from "../hosts/problems.tsx";
import type { SourceGroupEditorProps } from "./types.ts";

export function NameSection({ group, form, isTagFixed }: SourceGroupEditorProps) {
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

export function PathsSection({ host, group, form, problems }: SourceGroupEditorProps) {
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
        <GroupProblems problems={problems} />
        <div class="fields-2">
          <LinesField
            name="includes"
            label="Includes"
            form={form}
            value={group.includes.join("\n")}
            required
            rows={6}
            placeholder={isLinux ? "/etc\n/home" : "C:\\Users"}
            hint="Files and folders. Folders are backed up recursively"
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
          <Checkbox
            name="exclude_caches"
            label="Exclude caches"
            hint="Folders that hold a CACHEDIR.TAG file"
            checked={group.excludeCaches}
            form={form}
          />
          {isLinux ? (
            <Checkbox
              name="one_file_system"
              label="Stay on one file system"
              hint="Do not follow mounts below these paths"
              checked={group.oneFileSystem}
              form={form}
            />
          ) : null}
          <Checkbox
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

export function RetrySection({ group, form }: SourceGroupEditorProps) {
  return (
    <LedgerSection
      id="retry-title"
      title="When it fails"
      about="A scheduled run tries again after a locked or unreachable repo or a restart of the agent, waiting twice as long each time."
    >
      <div class="fields">
        <div class="fields-2">
          <NumberField
            name="retry_max"
            label="Tries again"
            form={form}
            value={String(group.retryMax)}
            digits={2}
            hint="0 never, 10 at most"
          />
          <NumberField
            name="retry_backoff_seconds"
            label="First wait, seconds"
            form={form}
            value={String(group.retryBackoffSeconds)}
            digits={5}
            hint="Then twice as long each time; never above 30 min"
          />
        </div>
      </div>
    </LedgerSection>
  );
}

export function ReposSection({ repos, form }: SourceGroupEditorProps) {
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
            <input type="checkbox" name="repo_ids" value={id} checked={isChecked(form, "repo_ids", id, chosen)} />
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
