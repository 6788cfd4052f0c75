/** Names of files in the data folder, and syncing them to disk. */
import { closeSync, fsyncSync, openSync } from "node:fs";

export const DATABASE_FILE = "restic-manager.db";
/** Ed25519 key (JWK) that signs agent downloads. */
export const SIGNING_KEY_FILE = "signing.key";

/** Syncs a file, or a folder in which something was renamed, to disk before it returns. */
export function syncPath(path: string): void {
  const handle = openSync(path, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** A moment as part of a file name: `2026-11-21T031500Z`. @param at Unix ms */
export function stampOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replaceAll(":", "")}Z`;
}
