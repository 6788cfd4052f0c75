/** Patterns that restic would misread are refused. */
import { expect, test } from "bun:test";
import { cleanLines, excludesProblem, includesProblem } from "./patterns.ts";

test("the first invalid line is named, with what to write instead", () => {
  expect(excludesProblem(["*.tmp", "~$*", "/home/*/.cache", "/tank/scans/[inbox"], "linux")).toBe(
    "Line 4: “[” is never closed. Write \\[inbox for the name itself.",
  );
  expect(excludesProblem(["# old"], "linux")).toContain(
    "Line 1: restic treats a line that begins with # as a comment.",
  );
  expect(excludesProblem(["!keep"], "linux")).toContain("bring back");
  expect(excludesProblem(["a\\"], "linux")).toContain("backslash");
  expect(excludesProblem(["[]x]"], "linux")).toContain("empty");
  expect(includesProblem(["/etc", "home"], "linux")).toBe("Line 2: “home” is not an absolute path, such as /home.");
});

test("valid patterns pass", () => {
  expect(excludesProblem(["[a-z]*", "\\[x", "a # b", "$HOME/x", "**/.cache", "[#]a", "[^a]b"], "linux")).toBeNull();
  expect(excludesProblem(["C:\\Users\\*\\Temp\\", "C:\\[x"], "windows")).toBeNull();
  expect(includesProblem(["C:\\Users", "\\\\nas\\share"], "windows")).toBeNull();
});

test("lines are trimmed, and empty lines and duplicates are dropped", () => {
  expect(cleanLines([" /a ", "", "/a", "/b c "])).toEqual(["/a", "/b c"]);
});

test("a space at the end of a Linux path is questioned, and kept when a slash shows that it is meant", () => {
  expect(includesProblem(["/srv/a "], "linux")).toBe(
    "Line 1: “/srv/a ” ends with a space. Remove it, or add a slash after it if the folder’s name really ends with a space.",
  );
  expect(includesProblem(["  /srv/a", "/srv/a /"], "linux")).toBeNull();
  expect(includesProblem(["C:\\Users  "], "windows")).toBeNull();
  expect(cleanLines(["/srv/a /"])).toEqual(["/srv/a /"]);
});
