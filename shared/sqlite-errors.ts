/** Errors of SQLite that no statement is to blame for, by their codes. */

/** The disk is full or fails: what could not be written may be tried again later. */
export function isDiskTrouble(error: unknown): boolean {
  return isDiskFull(error) || codeOf(error).startsWith("SQLITE_IOERR");
}

export function isDiskFull(error: unknown): boolean {
  return codeOf(error).startsWith("SQLITE_FULL");
}

/** The database takes nothing now, whoever asks: its disk is in trouble, or it is damaged, locked or read-only. */
export function isUnwritable(error: unknown): boolean {
  return isDiskTrouble(error) || /^SQLITE_(READONLY|CORRUPT|CANTOPEN|NOMEM|BUSY|LOCKED)/.test(codeOf(error));
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | null)?.code ?? "");
}
