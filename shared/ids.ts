/** Identifiers: UUIDv7 strings, so that they sort by the time they were made. */

const ID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export function newId(): string {
  return Bun.randomUUIDv7();
}

export function isId(text: string): boolean {
  return ID_PATTERN.test(text);
}
