// The fields of a source group: name, paths, retries and repos.
import { excludePreset } from "../../shared/exclude-preset.ts";
import { Checkbox, FieldError, isChecked, LinesField, NumberField, TextField } from "../components/field.tsx";
import { LedgerSection } from "../components/panels.tsx";
import { GroupProblems } from "../hosts/problems.tsx";
import type { SourceGroupEditorProps } from "./types.ts";

export function NameSection({ group, form, isTagFixed }: SourceGroupEditorProps) {
  return (
    <LedgerSection id="name-title" title="Name" about="Its display name, and the tag its snapshots carry in restic.">
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
            hint="Preferably letters, digits, dots, dashes and underscores"
          />
          {isTagFixed ? (
            <div class="field">
              <span class="label">Snapshot tag</span>
              <code>{group.tag}</code>
              <p class="hint">Can’t be changed once snapshots carry it</p>
            </div>
          ) : (
            <TextField
              name="tag"
              label="Snapshot tag"
              form={form}
              value={group.tag}
              mono
              maxlength={64}
              autocomplete="off"
              hint="Leave empty to derive it from the name. Can’t be changed after the first backup"
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
      title="Paths"
      about={
        <>
          What to back up on <code>{host.name}</code>. One absolute path per line.
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
            hint="restic patterns: * matches within a name, ** across folders. Surrounding spaces are ignored, $ is literal"
          />
        </div>
        <div class="fields-2">
          <Checkbox
            name="exclude_caches"
            label="Exclude caches"
            hint="Skip folders with a CACHEDIR.TAG file"
            checked={group.excludeCaches}
            form={form}
          />
          {isLinux ? (
            <Checkbox
              name="one_file_system"
              label="Stay on one file system"
              hint="Skip other file systems mounted below these paths"
              checked={group.oneFileSystem}
              form={form}
            />
          ) : null}
          <Checkbox
            name="log_files"
            label="Verbose log"
            hint="Log every new or changed file"
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
      title="Retries"
      about="Scheduled runs are retried if the repository is locked or unreachable, or if the agent restarts. The delay doubles with each retry."
    >
      <div class="fields">
        <div class="fields-2">
          <NumberField
            name="retry_max"
            label="Retries"
            form={form}
            value={String(group.retryMax)}
            digits={2}
            hint="From 0 (no retries) to 10"
          />
          <NumberField
            name="retry_backoff_seconds"
            label="Initial delay (s)"
            form={form}
            value={String(group.retryBackoffSeconds)}
            digits={5}
            hint="Doubles with each retry, up to 30 min"
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
      title="Repos"
      about="Each selected repo gets its own job. Select none to use the host’s primary repo."
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
