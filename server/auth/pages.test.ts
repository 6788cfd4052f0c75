// After sign-in, redirects stay within this server.
import { describe, expect, test } from "bun:test";
import { safePath } from "./pages.tsx";

describe("where sign-in leads", () => {
  test("stays on this server", () => {
    expect(safePath("/hosts/1?tab=2")).toBe("/hosts/1?tab=2");
    for (const elsewhere of [
      "https://evil.example/",
      "//evil.example",
      "/\\evil.example",
      "javascript:alert(1)",
      "/a\nb",
    ])
      expect(safePath(elsewhere)).toBe("/");
  });

  test("does not come back to the sign-in page", () => {
    expect(safePath("/login?next=/")).toBe("/");
    expect(safePath(undefined)).toBe("/");
  });
});
