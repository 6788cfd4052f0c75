// Waits for things that send no event: a port of another program, a file, a row.

export type UntilOptions = { timeoutMs?: number; everyMs?: number; what?: string };

/**
 * Polls `condition` until it gives something truthy, which is returned; errors of the condition count as "not yet".
 * @throws after `timeoutMs` (default 20 000: what takes a second takes many on a busy machine), with `what` and the condition's last error in the message.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 20_000, everyMs = 20, what = "the condition" }: UntilOptions = {},
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs;
  let lastError: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value as NonNullable<T>;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() > deadline) {
      const because = lastError === undefined ? "" : `: ${lastError instanceof Error ? lastError.message : lastError}`;
      throw new Error(`${what} did not come true within ${timeoutMs} ms${because}`);
    }
    await Bun.sleep(everyMs);
  }
}
