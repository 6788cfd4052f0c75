/** Recognises SQLite errors of the disk or the file, by their codes. */

/** The disk is full or failing, so the write may succeed later. */
export function isDiskTrouble(error: unknown): boolean {
  return isDiskFull(error) || codeOf(error).startsWith("SQLITE_IOERR");
}

export function isDiskFull(error: unknown): boolean {
  return codeOf(error).startsWith("SQLITE_FULL");
}

/** Nobody can write to the database now: the disk is in trouble, or the file is damaged, locked or read-only. */
export function isUnwritable(error: unknown): boolean {
  return isDiskTrouble(error) || /^SQLITE_(READONLY|CORRUPT|CANTOPEN|NOMEM|BUSY|LOCKED)/.test(codeOf(error));
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | null)?.code ?? "");
}
