// UnoCSS set-up: the design's tokens as theme, its parts as layered preflights, its small words as shortcuts, Lucide as icons.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { icons as lucide } from "@iconify-json/lucide";
import type { UserConfig } from "@unocss/core";
import presetIcons from "@unocss/preset-icons";
import presetWind4, { type Theme } from "@unocss/preset-wind4";
import { colors, fontSizes, spaces, tokensCss } from "./ui/theme.ts";

/** Style sheets of the parts, in the order in which they are written; each names its own cascade layer. */
export const partFiles = [
  "base",
  "shell",
  "status",
  "strip",
  "table",
  "controls",
  "forms",
  "panels",
  "host",
  "repo",
  "lanes",
  "log",
  "steps",
  "floats",
  "door",
  "pages",
  "sheet",
  "narrow",
  "phone",
] as const;

const asVariables = (names: string[]) => Object.fromEntries(names.map((name) => [name, `var(--${name})`]));

function part(name: string): string {
  return readFileSync(join(import.meta.dir, "ui/styles", `${name}.css`), "utf8");
}

/** Class names that the parts define; UnoCSS must not write utilities of the same name (`table`, `filters`). */
export const partClasses: ReadonlySet<string> = new Set(
  partFiles.flatMap((name) => [...part(name).matchAll(/\.([a-z][\w-]*)/g)].map(([, className]) => className ?? "")),
);

/** Strokes of 1.75, as the design draws them; size and colour come from the `.i` part. */
function thinner(css: Record<string, string | number | undefined>): void {
  css["--un-icon"] = String(css["--un-icon"]).replaceAll("stroke-width='2'", "stroke-width='1.75'");
  for (const property of [
    "width",
    "height",
    "color",
    "background-color",
    "-webkit-mask",
    "-webkit-mask-size",
    "mask-size",
  ])
    delete css[property];
  css.mask = "var(--un-icon) 0 0 / 100% 100% no-repeat";
}

const config: UserConfig<Theme> = {
  presets: [
    presetWind4({ preflights: { reset: false, theme: "on-demand", property: false } }),
    presetIcons({
      collections: { lucide: () => lucide },
      mode: "mask",
      processor: thinner,
    }) as never,
  ],
  theme: {
    colors: asVariables(Object.keys(colors)),
    spacing: asVariables(Object.keys(spaces)),
    text: Object.fromEntries(Object.keys(fontSizes).map((name) => [name, { fontSize: `var(--${name})` }])),
    font: { sans: "var(--sans)", mono: "var(--mono)" },
    radius: { DEFAULT: "var(--radius)" },
  },
  preflights: [
    { layer: "tokens", getCSS: () => `@layer reset, base, components, phone, utilities;\n${tokensCss()}` },
    ...partFiles.map((name) => ({ layer: "parts", getCSS: () => part(name) })),
  ],
  layers: { tokens: -300, parts: -200 },
  shortcuts: {
    rows: "grid gap-s-3 content-start",
    "rows-wide": "grid gap-s-6 content-start",
    between: "flex flex-wrap items-center justify-between gap-s-3",
  },
};

export default config;
