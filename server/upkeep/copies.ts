/** Makes copies of the database: one complete file each, with the signing key sealed inside, and never with the server key. */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { copyDatabase, writeSettingOf } from "../../db/copy.ts";
import { utcDay } from "../../shared/time/days.ts";
import { stampOf, syncPath } from "../runtime/data-files.ts";
import type { Sealer } from "../runtime/seal.ts";

export const SIGNING_KEY_PLACE = { table: "settings", column: "value", id: "signing_key" };

export type CopyParts = {
  /** The database in use. */
  databasePath: string;
  signingKeyPath: string;
  sealer: Sealer;
};

export type Copy = { path: string; bytes: number; at: number };

/**
 * Writes a complete copy to `path`. An existing file is replaced only once the new one is complete.
 * @throws when the disk is full or the folder is not writable; then nothing is left behind
 */
export async function makeCopy({ databasePath, signingKeyPath, sealer }: CopyParts, path: string): Promise<Copy> {
  const draft = `${path}.${process.pid}.new`;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  rmSync(draft, { force: true });
  try {
    // Created with its mode first, so that nobody else can read it at any moment.
    closeSync(openSync(draft, "w", 0o600));
    await copyDatabase(databasePath, draft);
    if (existsSync(signingKeyPath))
      writeSettingOf(draft, SIGNING_KEY_PLACE.id, sealer.seal(SIGNING_KEY_PLACE, readFileSync(signingKeyPath, "utf8")));
    syncPath(draft);
    renameSync(draft, path);
    syncPath(dirname(path));
    return copyAt(path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

const NAME = /^restic-manager-\d{4}-\d{2}-\d{2}(?:T\d{6}Z)?\.db$/;

/** Nightly copies are named by day. Copies made by a person also have the time. */
export function copyName(now: number, isNightly: boolean): string {
  return `restic-manager-${isNightly ? utcDay(now) : stampOf(now)}.db`;
}

/** Copies in the folder that this program made, newest first. */
export function listCopies(folder: string): Copy[] {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return [];
  return readdirSync(folder)
    .filter((name) => NAME.test(name))
    .map((name) => copyAt(join(folder, name)))
    .sort((a, b) => b.at - a.at);
}

/** Deletes all but the newest `keep`. */
export function dropOldCopies(folder: string, keep: number): void {
  for (const { path } of listCopies(folder).slice(keep)) rmSync(path, { force: true });
}

/** Whether the folder is on the same disk as the data, so that a disk failure would destroy both. */
export function sharesDisk(folder: string, dataDir: string): boolean {
  const existing = (path: string): string => (existsSync(path) ? path : existing(dirname(path)));
  return statSync(existing(folder)).dev === statSync(existing(dataDir)).dev;
}

function copyAt(path: string): Copy {
  const { size, mtimeMs } = statSync(path);
  return { path, bytes: size, at: Math.round(mtimeMs) };
}
