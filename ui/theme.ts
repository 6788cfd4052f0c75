// Design tokens, and the only place that defines colours, each for the light and the dark theme.

/** Colour tokens as [light, dark]. Text reaches 4.5:1 and marks 3:1 on canvas, hover, selection and their own tint. */
export const colors = {
  // Surfaces: canvas for the page, sunken for bars, heads and code, raised for menus and dialogs.
  canvas: ["#ffffff", "#0f1518"],
  sunken: ["#f4f7f8", "#151c20"],
  raised: ["#ffffff", "#1a2328"],
  hover: ["#f2f6f7", "#161e23"],
  selected: ["#e5f3f1", "#12302d"],
  scrim: ["rgb(18 30 36 / 0.38)", "rgb(3 6 8 / 0.62)"],
  // Hairlines: line between rows, edge around boxes, control around inputs (3:1).
  line: ["#e3e9ec", "#222c32"],
  edge: ["#d0d9dd", "#303c43"],
  control: ["#7a8992", "#6b7a84"],
  text: ["#142027", "#e7edf0"],
  "text-2": ["#43525b", "#b4c0c7"],
  "text-3": ["#5c6b74", "#909ea7"],
  // Accent: links, primary action, selection, focus. Never a status.
  accent: ["#0b7168", "#45c4b3"],
  "accent-hover": ["#085a53", "#6ad6c7"],
  "accent-soft": ["#e0f1ef", "#11332f"],
  "accent-line": ["#8cc7c0", "#22655d"],
  "on-accent": ["#ffffff", "#04211d"],
  // Status: fg for text on the canvas and on bg, bg for tints, solid for filled marks.
  "ok-fg": ["#1c6b3c", "#7fd29b"],
  "ok-bg": ["#e6f4ea", "#14291d"],
  "ok-solid": ["#3d985f", "#3d9460"],
  "warning-fg": ["#875200", "#eab65c"],
  "warning-bg": ["#fdf1da", "#2d2410"],
  "warning-solid": ["#bf7700", "#dd9f2b"],
  "failed-fg": ["#b0251d", "#ff958c"],
  "failed-bg": ["#fdecea", "#351b1a"],
  "failed-solid": ["#cf362c", "#ee5a50"],
  "running-fg": ["#1a5cb3", "#86baf8"],
  "running-bg": ["#e8f1fd", "#13263d"],
  "running-solid": ["#2c78d8", "#4f95ea"],
  "idle-fg": ["#52606a", "#a2afb7"],
  "idle-bg": ["#edf1f3", "#1e272c"],
  "idle-solid": ["#7a8992", "#6b7a84"],
  "on-solid": ["#ffffff", "#0f1518"],
  "shadow-near": ["rgb(18 30 36 / 0.07)", "rgb(0 0 0 / 0.35)"],
  "shadow-far": ["rgb(18 30 36 / 0.14)", "rgb(0 0 0 / 0.5)"],
} as const satisfies Record<string, readonly [light: string, dark: string]>;

/** Type sizes in rem, named after their pixels at the default root size. */
export const fontSizes = {
  "t-11": "0.6875rem",
  "t-12": "0.75rem",
  "t-13": "0.8125rem",
  "t-14": "0.875rem",
  "t-16": "1rem",
  "t-20": "1.25rem",
  "t-24": "1.5rem",
} as const;

/** The 4 px grid. */
export const spaces = {
  "s-1": "4px",
  "s-2": "8px",
  "s-3": "12px",
  "s-4": "16px",
  "s-5": "20px",
  "s-6": "24px",
  "s-8": "32px",
  "s-10": "40px",
  "s-12": "48px",
  "s-16": "64px",
} as const;

const fonts = {
  sans: '"Inter Variable", Inter, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif',
  mono: '"JetBrains Mono Variable", "JetBrains Mono", ui-monospace, "Cascadia Mono", Consolas, Menlo, monospace',
} as const;

const measures = {
  "lh-tight": "1.25",
  "lh-data": "1.4",
  "lh-prose": "1.6",
  "w-normal": "420",
  "w-medium": "520",
  "w-strong": "620",
  gutter: "32px",
  bar: "52px",
  "control-h": "32px",
  "control-h-small": "26px",
  radius: "6px",
  "radius-cell": "1.5px",
  float: "0 1px 2px var(--shadow-near), 0 12px 32px var(--shadow-far)",
  focus: "0 0 0 2px var(--canvas), 0 0 0 4px var(--accent)",
  ease: "120ms cubic-bezier(0.2, 0, 0, 1)",
  // Night strip: one cell per day, with a gap between weeks.
  "cell-w": "6px",
  "cell-h": "26px",
  "cell-gap": "2px",
  "week-gap": "3px",
} as const;

const onPhone = {
  gutter: "16px",
  "control-h": "40px",
  "control-h-small": "36px",
  "cell-h": "30px",
} as const;

function declarations(values: Record<string, string>): string {
  return Object.entries(values)
    .map(([name, value]) => `--${name}:${value};`)
    .join("");
}

/** The `:root` rules that define every token, for both themes, phones, wide screens and reduced motion. */
export function tokensCss(): string {
  const pairs = Object.fromEntries(
    Object.entries(colors).map(([name, [light, dark]]) => [name, `light-dark(${light},${dark})`]),
  );
  return [
    `:root{color-scheme:light dark;${declarations({ ...pairs, ...fonts, ...fontSizes, ...spaces, ...measures })}}`,
    `:root[data-theme="light"]{color-scheme:light}`,
    `:root[data-theme="dark"]{color-scheme:dark}`,
    `@media (max-width:719px){:root{${declarations(onPhone)}}}`,
    `@media (min-width:1600px){:root{--cell-w:8px}}`,
    `@media (prefers-reduced-motion:reduce){:root{--ease:0ms}}`,
  ].join("\n");
}

/** Colours of the browser's own bar, for the `theme-color` meta tags. */
export const barColors = { light: colors.sunken[0], dark: colors.sunken[1] } as const;
