// A typed confirmation lets exactly the name through, whatever characters it holds.
import { expect, test } from "bun:test";
import { ConfirmDialog, escapePattern } from "./floats.tsx";

test("the pattern is valid under the v flag and matches the name alone", () => {
  for (const name of ["web-01", "a.b_c-d", "x(1)[2]{3}", "C:\\Users|*+?^$"]) {
    const pattern = new RegExp(`^(?:${escapePattern(name)})$`, "v");
    expect(pattern.test(name)).toBe(true);
    expect(pattern.test(`${name}x`)).toBe(false);
  }
  expect(new RegExp(`^(?:${escapePattern("a.b")})$`, "v").test("axb")).toBe(false);
});

test("a refused confirmation opens again with the reason beside its field", () => {
  const html = String(
    <ConfirmDialog id="d" title="Purge?" action="/purge" csrf="c" typed="web-01" error="Type web-01." verb="Purge">
      <p>Gone for good.</p>
    </ConfirmDialog>,
  );
  expect(html).toContain('data-open=""');
  expect(html).toContain('aria-describedby="d-error"');
  expect(html).toContain('pattern="web-01"');
});
