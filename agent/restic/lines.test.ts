/** Splitting output into lines. */
import { expect, test } from "bun:test";
import { createLineSplitter } from "./lines.ts";

function split(chunks: (string | Uint8Array)[], maxBytes = 1000): string[] {
  const lines: string[] = [];
  const splitter = createLineSplitter(maxBytes, (line) => void lines.push(line));
  for (const chunk of chunks) splitter.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
  splitter.end();
  return lines;
}

test("lines are the same however the bytes are cut", () => {
  const text = "eins\nzwei äöü €\n\ndrei\r\nvier";
  const bytes = Buffer.from(text);
  const expected = ["eins", "zwei äöü €", "", "drei", "vier"];
  for (let size = 1; size <= bytes.length; size++) {
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
    expect(split(chunks)).toEqual(expected);
  }
});

test("a line that is too long is cut with a mark, and the next one is whole", () => {
  const [long, next] = split(["x".repeat(600), "x".repeat(600), "\nnext\n"]);
  expect(long).toBe(`${"x".repeat(1000)} … [line cut]`);
  expect(next).toBe("next");
  expect(split([`${"y".repeat(1001)}\n`])[0]).toEndWith("[line cut]");
});

test("broken UTF-8 is shown as such", () => {
  expect(split([new Uint8Array([65, 0xff, 66, 10])])).toEqual(["A\ufffdB"]);
});

test("a million lines leave nothing behind", () => {
  let count = 0;
  const splitter = createLineSplitter(1024, () => void count++);
  const chunk = Buffer.from(`${"a line of some length\n".repeat(1000)}and a half`);
  Bun.gc(true);
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 1000; i++) splitter.push(chunk);
  splitter.end();
  Bun.gc(true);
  expect(count).toBe(1_000_001);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(5_000_000);
});
