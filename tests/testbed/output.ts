// What a child process says, as text, while it runs; whoever starts one must drain its pipes, or it blocks when they are full.

/** Calls `take` with every piece until the stream ends. */
export async function readAll(stream: ReadableStream<Uint8Array>, take: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>)
    take(decoder.decode(chunk, { stream: true }));
}

/** Collects everything from now on. @returns what was said so far */
export function collect(...streams: ReadableStream<Uint8Array>[]): () => string {
  let said = "";
  for (const stream of streams)
    void readAll(stream, (text) => {
      said += text;
    });
  return () => said;
}
