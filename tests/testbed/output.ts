// Collects what a process prints, and lets tests wait for a line of it.

export type Output = {
  text(): string;
  /**
   * Resolves with the match as soon as the output holds it.
   * @throws when the process ends first or the time is over, with the last of what was printed.
   */
  match(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
};

/** Reads the streams to their end, so that the process never blocks on a full pipe. */
export function collectOutput(streams: ReadableStream<Uint8Array>[]): Output {
  let text = "";
  let ended = false;
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const check of [...waiting]) check();
  };
  void Promise.all(
    streams.map(async (stream) => {
      const decoder = new TextDecoder();
      for await (const chunk of stream) {
        text += decoder.decode(chunk, { stream: true });
        wake();
      }
    }),
  ).finally(() => {
    ended = true;
    wake();
  });

  return {
    text: () => text,
    match: (pattern, timeoutMs = 15_000) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => finish(`was not printed within ${timeoutMs} ms`), timeoutMs);
        const finish = (problem: string) => {
          clearTimeout(timer);
          waiting.delete(check);
          reject(new Error(`${pattern} ${problem}. Printed so far:\n${text.slice(-3_000)}`));
        };
        const check = () => {
          const found = pattern.exec(text);
          if (!found) {
            if (ended) finish("was not printed before the process ended");
            return;
          }
          clearTimeout(timer);
          waiting.delete(check);
          resolve(found);
        };
        waiting.add(check);
        check();
      }),
  };
}
