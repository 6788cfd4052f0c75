// The tokens hold their contrast promises in both themes.
import { describe, expect, test } from "bun:test";
import { colors, tokensCss } from "./theme.ts";

function luminance(hex: string): number {
  const channels = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
  const [r = 0, g = 0, b = 0] = channels.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

const statuses = ["ok", "warning", "failed", "running", "idle"] as const;
const surfaces = ["canvas", "sunken", "raised", "hover", "selected"] as const;

describe("tokens", () => {
  for (const [theme, at] of [
    ["light", 0],
    ["dark", 1],
  ] as const) {
    test(`text is readable on every surface in the ${theme} theme`, () => {
      for (const surface of surfaces)
        for (const text of ["text", "text-2", "text-3"] as const)
          expect(contrast(colors[text][at], colors[surface][at])).toBeGreaterThanOrEqual(4.5);
    });

    test(`status words are readable on canvas and on their tint in the ${theme} theme`, () => {
      for (const status of statuses) {
        expect(contrast(colors[`${status}-fg`][at], colors.canvas[at])).toBeGreaterThanOrEqual(4.5);
        expect(contrast(colors[`${status}-fg`][at], colors[`${status}-bg`][at])).toBeGreaterThanOrEqual(4.5);
        expect(contrast(colors[`${status}-solid`][at], colors.canvas[at])).toBeGreaterThanOrEqual(3);
      }
    });
  }

  test("every token becomes a custom property", () => {
    const css = tokensCss();
    for (const name of Object.keys(colors)) expect(css).toContain(`--${name}:`);
  });
});
