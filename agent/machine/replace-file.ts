/** Replaces a file as a whole or not at all: temporary file, sync, rename, sync of the folder. */
import { closeSync, fsyncSync, openSync, renameSync, unlinkSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { PLATFORM } from "./platform.ts";

/** @throws when the disk is full or the folder is not writable; the old file is then untouched. */
export function replaceFile(path: string, content: string | Uint8Array, mode = 0o600): void {
  const draft = `${path}.${process.pid}.new`;
  const bytes = typeof content === "string" ? Buffer.from(content, "utf8") : content;
  try {
    const file = openSync(draft, "w", mode);
    try {
      let written = 0;
      while (written < bytes.length) written += writeSync(file, bytes, written);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
  } catch (error) {
    removeQuietly(draft);
    throw error;
  }
  syncFolder(dirname(path));
}

/** Makes a rename in the folder survive a power loss. Windows has no such call. */
export function syncFolder(folder: string): void {
  if (PLATFORM.os === "windows") return;
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It was never created.
  }
}
