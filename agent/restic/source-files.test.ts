/** The files that tell restic what to back up. */
import { expect, test } from "bun:test";
import { excludesFile, includesFile, problemOfInclude, problemOfPattern } from "./source-files.ts";

test("patterns that restic's reader would misread are refused, with the reason", () => {
  for (const pattern of ["# no comment", " leading", "trailing ", "two\nlines", "", "!again"]) {
    expect(problemOfPattern(pattern)).toBeString();
  }
  for (const pattern of ["*.tmp", "/home/*/.cache", "a # b", "$HOME/x"]) expect(problemOfPattern(pattern)).toBeNull();
});

test("a dollar means itself, and the agent's own folders are taken literally", () => {
  expect(excludesFile(["$HOME/x"], ["/state/[a]*"], "linux")).toBe("$$HOME/x\n/state/\\[a\\]\\*\n");
  expect(excludesFile([], ["C:\\ProgramData\\restic-manager"], "windows")).toBe("C:\\ProgramData\\restic-manager\n");
});

test("includes are absolute paths of this system, one a line", () => {
  expect(problemOfInclude("/etc", "linux")).toBeNull();
  expect(problemOfInclude("C:\\Users", "windows")).toBeNull();
  expect(problemOfInclude("C:\\Users", "linux")).toBeString();
  expect(problemOfInclude("etc", "linux")).toBeString();
  expect(problemOfInclude("/a\nb", "linux")).toBeString();
  expect(includesFile(["/etc", "/# odd name"])).toBe("/etc\n/# odd name\n");
});
