/** Errors of the database that no statement is to blame for: its disk is full, broken, or not to be written. */

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | null)?.code ?? "");
}

/** The database takes nothing now, whoever asks. */
export function isDiskTrouble(error: unknown): boolean {
  return /^SQLITE_(FULL|IOERR|READONLY|CORRUPT|CANTOPEN|NOMEM|BUSY|LOCKED)/.test(codeOf(error));
}

export function isDiskFull(error: unknown): boolean {
  return codeOf(error).startsWith("SQLITE_FULL");
}
