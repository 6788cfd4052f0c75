// Props of a repo's page.
import type { RepoRow } from "../../db/schema/repos.ts";
import type { MaintenanceBlock, MaintenanceKind } from "../../shared/maintenance.ts";
import type { FormState } from "../../shared/pages.ts";
import type { View } from "../view.ts";

/** A credential without its secrets. */
export type CredentialView = {
  /** The stored credential cannot be decrypted. */
  isUnreadable: boolean;
  url: string;
  httpUsername: string | null;
  hasHttpPassword: boolean;
  envNames: readonly string[];
  rotatedAt: number;
  /** The latest credential has not opened the repo yet; the previous one is in use. */
  onTrial: boolean;
  /** Why the latest credential did not open the repo. */
  trialError: string | null;
  /** When the latest credential is tested again, Unix ms; null if never, or if it has not been tested yet. */
  trialAgainAt: number | null;
  /** When the admin credential last worked for a forget or prune. */
  provedAt: number | null;
};

export type ConnectionRepo = Pick<RepoRow, "url" | "kind" | "resticId" | "status" | "appendOnly">;

export type ConnectionProps = {
  repo: ConnectionRepo;
  /** null for viewers, who may not see it */
  everyday: CredentialView | null;
  admin: CredentialView | null;
  path: string;
  /** A refused change to one of the two credentials. */
  refused: { slot: "everyday" | "admin"; form: FormState } | null;
  editable: boolean;
  view: View;
};

export type MaintenanceLine = {
  kind: MaintenanceKind;
  /** null = manual only */
  expression: string | null;
  words: string | null;
  isDefault: boolean;
  last: { at: number; status: "ok" | "errors" | "failed"; jobId: string | null; note: string | null } | null;
  next: { is: "due" | "later"; at: number } | { is: "blocked"; why: MaintenanceBlock };
  openJobId: string | null;
};

export type MaintenanceView = {
  enabled: boolean;
  lines: readonly MaintenanceLine[];
  runsOn: { id: string; name: string };
  /** The repo's own host runs what deletes. */
  isOwnHost: boolean;
  right: "admin" | "everyday" | "none";
  appendOnly: boolean;
  /** The other repo that maintains the same repository; null if this one does. */
  maintainedBy: { href: string; hostName: string } | null;
  /** Source groups with a retention change awaiting confirmation; `hostName` is set for another host's group in a shared repository. */
  held: readonly { name: string; hostName: string | null; href: string }[];
  check: {
    budgetBytes: number;
    /** Number of parts a full round is split into; null if no data are read. */
    parts: number | null;
    part: number | null;
    /** Bytes downloaded by one check. */
    downloadBytes: number | null;
    /** Time between two checks; null if none are scheduled. */
    periodMs: number | null;
    /** Time for a full round; null if nothing is read or scheduled. */
    roundMs: number | null;
    fullyReadSince: number | null;
    /** What to change if a full round takes over a year. */
    advice: { is: "larger_budget"; budgetBytes: number; parts: number } | { is: "more_often" } | null;
  };
  /** Hosts that can run maintenance, the repo's own host first. */
  hosts: readonly { id: string; name: string }[];
  maintenanceHostId: string | null;
};
