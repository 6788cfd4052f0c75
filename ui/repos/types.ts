// What the page of a repo is given.
import type { RepoRow } from "../../db/schema/repos.ts";
import type { MaintenanceBlock, MaintenanceKind } from "../../shared/maintenance.ts";
import type { FormState } from "../../shared/pages.ts";
import type { View } from "../view.ts";

/** A credential without its secrets. */
export type CredentialView = {
  /** What is stored does not open. */
  isUnreadable: boolean;
  url: string;
  httpUsername: string | null;
  hasHttpPassword: boolean;
  envNames: readonly string[];
  rotatedAt: number;
  /** The newest one has not opened the repo yet; the one before it is in use. */
  onTrial: boolean;
  /** Why the newest one did not open the repo. */
  trialError: string | null;
  /** When the newest one is tried again by itself, Unix ms; null = not at all, or it has not been tried yet. */
  trialAgainAt: number | null;
  /** The admin credential: when it last did what it is for. */
  provedAt: number | null;
};

export type ConnectionRepo = Pick<RepoRow, "url" | "kind" | "resticId" | "status" | "appendOnly">;

export type ConnectionProps = {
  repo: ConnectionRepo;
  /** null for viewers, who are not shown it */
  everyday: CredentialView | null;
  admin: CredentialView | null;
  path: string;
  /** A refused change of one of the two. */
  refused: { slot: "everyday" | "admin"; form: FormState } | null;
  editable: boolean;
  view: View;
};

export type MaintenanceLine = {
  kind: MaintenanceKind;
  /** null = never by itself */
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
  /** The host itself carries out what deletes. */
  isOwnHost: boolean;
  right: "admin" | "everyday" | "none";
  appendOnly: boolean;
  /** Another repo that is the same repository and maintains it; null = this one does. */
  maintainedBy: { href: string; hostName: string } | null;
  /** Groups that forget leaves alone until a person agrees; `hostName` of those of another host in a shared repository. */
  held: readonly { name: string; hostName: string | null; href: string }[];
  check: {
    budgetBytes: number;
    /** Into how many parts a round divides the data; null = none are read. */
    parts: number | null;
    part: number | null;
    /** What one check downloads, bytes. */
    downloadBytes: number | null;
    /** How long it is between two checks; null when none come by themselves. */
    periodMs: number | null;
    /** How long a round takes; null when nothing is read or nothing comes by itself. */
    roundMs: number | null;
    fullyReadSince: number | null;
    /** What to change where a round takes longer than a year. */
    advice: { is: "larger_budget"; budgetBytes: number; parts: number } | { is: "more_often" } | null;
  };
  /** Where it may run; the repo's own host first. */
  hosts: readonly { id: string; name: string }[];
  maintenanceHostId: string | null;
};
