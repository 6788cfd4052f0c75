/** Identifiers: UUIDv7 strings, which sort by creation time. */

export function newId(): string {
  return Bun.randomUUIDv7();
}
