// What the editor of a source group is given.
import type { Child } from "hono/jsx";
import type { SourceGroupRow } from "../../db/schema/source-groups.ts";
import type { LastBackup, SettingsProblem } from "../../shared/hosts.ts";
import type { FormState } from "../../shared/pages.ts";
import type { RetentionPreview } from "../../shared/retention-preview.ts";
import type { Seen } from "../components/editor-form.tsx";
import type { HooksFormProps } from "./hooks.tsx";

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
  > & { id: string | null };
  isTagFixed: boolean;
  last: LastBackup;
  /** Enabled schedules that run it, in words. */
  schedules: readonly string[];
  repos: readonly { id: string; name: string; isPrimary: boolean; chosen: boolean }[];
  preview: RetentionPreview;
  conflicts: number;
  /** Lines that the host cannot use. */
  problems: readonly SettingsProblem[];
  /** Forget is held until a person agrees: what would go, in one sentence. */
  held: string | null;
  /** Null for a new group. */
  seen: Seen | null;
  form: FormState;
  /** Why the group cannot be deleted; null when it can. */
  undeletable: Child | null;
  /** Null for those who may not see hooks. */
  hooks: Omit<HooksFormProps, "action" | "csrf" | "hostName"> | null;
};
