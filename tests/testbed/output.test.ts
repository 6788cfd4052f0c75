import { expect, test } from "bun:test";
import { collectOutput } from "./output.ts";

const printing = (script: string) => {
  const child = Bun.spawn(["sh", "-c", script], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  return collectOutput([child.stdout, child.stderr]);
};

test("a line is found on either stream, whether it was printed before or comes later", async () => {
  const output = printing("echo first; echo port=42 >&2; echo last");
  expect((await output.match(/port=(\d+)/))[1]).toBe("42");
  await output.match(/last/);
  expect((await output.match(/first/))[0]).toBe("first");
});

test("a process that ends without the line, and one that takes too long, are errors that show the output", async () => {
  await expect(printing("echo something else").match(/port/)).rejects.toThrow("something else");
  await expect(printing("echo slow; exec sleep 5").match(/port/, 100)).rejects.toThrow("within 100 ms");
});
