/** Identifiers: UUIDv7 strings, so that they sort by the time they were made. */

export function newId(): string {
  return Bun.randomUUIDv7();
}
