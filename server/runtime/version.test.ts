/** The version file that a build leaves for the server. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RELEASE } from "../../shared/version.ts";
import { versionIn } from "./version.ts";

test("is used only when it belongs to this release", () => {
  const folder = mkdtempSync(join(tmpdir(), "rm-version-"));
  const file = join(folder, "version.json");
  expect(versionIn(file)).toBeNull();
  for (const [content, found] of [
    [`{"version": "${RELEASE}-dev.7+abcdef0"}`, `${RELEASE}-dev.7+abcdef0`],
    [`{"version": "${RELEASE}"}`, RELEASE],
    [`{"version": "0.0.1-dev.7+abcdef0"}`, null],
    [`{"version": 7}`, null],
    ["half a fi", null],
  ] as const) {
    writeFileSync(file, content);
    expect(versionIn(file)).toBe(found);
  }
  rmSync(folder, { recursive: true });
});
