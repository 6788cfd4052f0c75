// Props of every page besides its own data: viewer, time, time zone and preferences.
import type { DeletionHold } from "../db/queries/deletion-holds.ts";
import type { AssetUrls, Preferences, Toast } from "../shared/pages.ts";
import type { Dates } from "./format.ts";

export type Role = "viewer" | "operator" | "admin";

export type Viewer = { id: string; username: string; role: Role };

export type View = {
  /** Unix ms. All relative times of the page refer to it. */
  now: number;
  dates: Dates;
  /** Path of the page, to mark it in the navigation. */
  path: string;
  viewer: Viewer;
  csrf: string;
  /** This server's address for agents, such as `https://backup.example`. */
  origin: string;
  assets: AssetUrls;
  preferences: Preferences;
  /** Counts shown in the navigation. */
  counts: { runningJobs: number };
  /** Shown on every page while there are any. */
  deletionHolds: readonly DeletionHold[];
  toast: Toast | null;
  /** True for polls, which render only the parts that can change. */
  partial: boolean;
};

const RANK: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };

/** True if the viewer has at least this role. */
export function may(view: Pick<View, "viewer">, role: Role): boolean {
  return RANK[view.viewer.role] >= RANK[role];
}
