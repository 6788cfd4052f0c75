/** Files in the data folder: their names, and how they last over a power loss. */
import { closeSync, fsyncSync, openSync } from "node:fs";

export const DATABASE_FILE = "restic-manager.db";
/** Ed25519 key (JWK) that signs what agents download. */
export const SIGNING_KEY_FILE = "signing.key";

/** A file, or a folder in which something was renamed, is on the disk when this returns. */
export function syncPath(path: string): void {
  const handle = openSync(path, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** A moment as part of a file's name: `2026-11-21T031500Z`. @param at Unix ms */
export function stampOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replaceAll(":", "")}Z`;
}
