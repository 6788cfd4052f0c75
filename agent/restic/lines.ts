/** Splits a stream of bytes into lines, and limits how much of a line is kept. */

export type LineSplitter = {
  push(chunk: Uint8Array): void;
  /** The last line may lack its end. */
  end(): void;
};

const NEWLINE = 10;
const CUT_MARK = " … [line cut]";

/** Broken UTF-8 becomes replacement characters. @param maxBytes longer lines are cut there, with a mark. */
export function createLineSplitter(maxBytes: number, line: (text: string) => void): LineSplitter {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let cut = false;

  function hold(part: Buffer): void {
    const room = maxBytes - heldBytes;
    if (part.length > room) cut = true;
    if (room <= 0 || part.length === 0) return;
    // A copy: the chunk's memory is used again by the stream.
    const kept = Buffer.from(part.subarray(0, room));
    held.push(kept);
    heldBytes += kept.length;
  }

  function emit(part: Buffer): void {
    if (heldBytes === 0 && part.length <= maxBytes) {
      line(textOf(part));
      return;
    }
    hold(part);
    const whole = held.length === 1 ? held[0]! : Buffer.concat(held);
    const text = cut ? textOf(whole) + CUT_MARK : textOf(whole);
    held = [];
    heldBytes = 0;
    cut = false;
    line(text);
  }

  return {
    push(chunk) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      let start = 0;
      for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
        emit(bytes.subarray(start, end));
        start = end + 1;
      }
      hold(bytes.subarray(start));
    },
    end() {
      if (heldBytes > 0) emit(Buffer.alloc(0));
    },
  };
}

function textOf(bytes: Buffer): string {
  const end = bytes.at(-1) === 13 ? bytes.length - 1 : bytes.length;
  return bytes.toString("utf8", 0, end);
}
