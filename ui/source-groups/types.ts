// Props of the source group editor.
import type { Child } from "hono/jsx";
import type { SourceGroupRow } from "../../db/schema/source-groups.ts";
import type { LastBackup, SettingsProblem } from "../../shared/hosts.ts";
import type { FormState } from "../../shared/pages.ts";
import type { RetentionPreview } from "../../shared/retention-preview.ts";
import type { Seen } from "../components/editor-form.tsx";
import type { HooksFormProps } from "./hooks.tsx";

export type SourceGroupEditorProps = {
  host: { id: string; name: string; os: "linux" | "windows" };
  /** Initial field values; `id` is null for a new group. */
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
  /** Lines that the host cannot apply. */
  problems: readonly SettingsProblem[];
  /** A sentence on what a held retention change would remove; null if none is held. */
  held: string | null;
  /** Null for a new group. */
  seen: Seen | null;
  form: FormState;
  /** Why the group cannot be deleted; null if it can. */
  undeletable: Child | null;
  /** Null for users who may not see hooks. */
  hooks: Omit<HooksFormProps, "action" | "csrf" | "hostName"> | null;
};
