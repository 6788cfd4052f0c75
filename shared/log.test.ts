/** The log is safe for a terminal, and its JSON stays valid. */
import { expect, test } from "bun:test";
import { createLog } from "./log.ts";
import { createRedactor } from "./redact.ts";

function logged(format: "text" | "json", message: string): string {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  createLog({ level: "info", format, clock: { now: () => 0 }, redactor: createRedactor(), write }).info(message);
  return lines[0] ?? "";
}

const HOSTILE = "a\u009b31m \u202egpj.exe \n\u001b[2J \u2028";

test("control characters and direction changes are shown, not obeyed", () => {
  for (const format of ["text", "json"] as const)
    expect(logged(format, HOSTILE)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u202e]/);
});

test("a line of JSON can be parsed, whatever it contains", () => {
  expect(JSON.parse(logged("json", HOSTILE))).toMatchObject({ message: HOSTILE });
});
