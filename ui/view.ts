// What every page is given besides its own data: who looks, when, from where, and what the browser remembers.
import type { AssetUrls, Preferences, Toast } from "../shared/pages.ts";
import type { Dates } from "./format.ts";

export type Role = "viewer" | "operator" | "admin";

export type Viewer = { id: string; username: string; role: Role };

export type View = {
  /** Unix ms; every relative time of the page counts from it. */
  now: number;
  dates: Dates;
  /** Path of the page, for the current mark in the navigation. */
  path: string;
  viewer: Viewer;
  csrf: string;
  /** Where machines reach this server, as `https://backup.example`. */
  origin: string;
  assets: AssetUrls;
  preferences: Preferences;
  /** Marks beside the words of the navigation. */
  counts: { runningJobs: number };
  toast: Toast | null;
  /** True for polls: only what can change is rendered. */
  partial: boolean;
};

const RANK: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };

/** True when the viewer has at least this role. */
export function may(view: Pick<View, "viewer">, role: Role): boolean {
  return RANK[view.viewer.role] >= RANK[role];
}
