// Words for a job's kind, status and actor.
import type { JobRow } from "../../db/schema/jobs.ts";
import type { JobKind } from "../../shared/jobs.ts";
import type { CauseCount } from "../../shared/warnings.ts";
import type { GlyphName } from "../components/glyph.tsx";
import { Badge } from "../components/status.tsx";
import { formatPlural } from "../format.ts";
import { causesInWords } from "./warning-words.ts";

type State = Pick<JobRow, "status" | "warnings" | "warningCauses" | "acceptedAt">;

/** Glyph and word. A success with warnings is amber; a queued job not yet accepted by its host is "Waiting". */
export function stateOf({ status, warnings, warningCauses, acceptedAt }: State): { glyph: GlyphName; word: string } {
  switch (status) {
    case "queued":
      return { glyph: "queued", word: acceptedAt === null ? "Waiting" : "Queued" };
    case "running":
      return { glyph: "running", word: "Running" };
    case "succeeded":
      return warnings > 0
        ? { glyph: "warning", word: badgeOf(warningCauses ?? [], warnings) }
        : { glyph: "ok", word: "Succeeded" };
    case "failed":
      return { glyph: "failed", word: "Failed" };
    case "cancelled":
      return { glyph: "cancelled", word: "Cancelled" };
  }
}

/** A single cause is named, several are counted. */
function badgeOf(causes: readonly CauseCount[], warnings: number): string {
  return causes.length === 1 ? causesInWords(causes, warnings) : formatPlural(warnings, "warning");
}

export function JobBadge({ job }: { job: State }) {
  const { glyph, word } = stateOf(job);
  return <Badge glyph={glyph}>{word}</Badge>;
}

const NOUNS: Record<JobKind, string> = {
  init: "Repository creation",
  backup: "Backup",
  forget: "Forget",
  prune: "Prune",
  check: "Check",
  unlock: "Unlock",
  stats: "Size measurement",
  snapshots: "Snapshot listing",
  restore: "Restore",
  diff: "Comparison",
  find: "File search",
  verify: "Restore drill",
  probe: "Probe",
  update: "Agent update",
};

export function kindInWords(kind: JobKind): string {
  return NOUNS[kind];
}

/** "Backup of photos", "Probe of vault". */
export function titleOf(job: { kind: JobKind; groupName: string | null; repoName: string | null }): string {
  const about = job.kind === "backup" ? job.groupName : job.repoName;
  if (job.kind === "init") return about ? `Creation of ${about}` : NOUNS.init;

  return about ? `${NOUNS[job.kind]} of ${about}` : NOUNS[job.kind];
}

/** "mara", "schedule", "the server". */
export function actorInWords(job: Pick<JobRow, "actorKind"> & { actorName: string | null }): string {
  if (job.actorKind === "user") return job.actorName ?? "a deleted user";
  return job.actorKind === "schedule" ? "a schedule" : "the server";
}
