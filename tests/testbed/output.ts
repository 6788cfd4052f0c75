// Collects a child process's output as text while it runs; the pipes must be drained, or the process blocks when they are full.

const LAST_WORDS_MS = 1_000;

/** Calls `take` with every piece until the stream ends. */
export async function readAll(stream: ReadableStream<Uint8Array>, take: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>)
    take(decoder.decode(chunk, { stream: true }));
}

/** Collects everything from now on. `said` is what was said so far, `ended` resolves when no more can come. */
export function collect(...streams: ReadableStream<Uint8Array>[]): { said: () => string; ended: Promise<unknown> } {
  let said = "";
  const take = (text: string) => {
    said += text;
  };
  const ended = Promise.all(streams.map((stream) => readAll(stream, take)));
  return { said: () => said, ended };
}

/** The child's exit code, once its last words were read as well. A grandchild that holds the pipes is not waited for. */
export async function exitOf(child: { exited: Promise<number> }, ended: Promise<unknown>): Promise<number> {
  const code = await child.exited;
  await Promise.race([ended, Bun.sleep(LAST_WORDS_MS)]);
  return code;
}
