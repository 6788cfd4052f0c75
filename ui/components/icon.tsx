// Outline icons (Lucide), drawn as masks by UnoCSS. The generator finds their class names here.

const CLASSES = {
  "arrow-down": "i-lucide-arrow-down",
  "arrow-down-to-line": "i-lucide-arrow-down-to-line",
  "arrow-up": "i-lucide-arrow-up",
  archive: "i-lucide-archive",
  check: "i-lucide-check",
  "chevron-down": "i-lucide-chevron-down",
  "chevron-right": "i-lucide-chevron-right",
  "chevrons-up-down": "i-lucide-chevrons-up-down",
  copy: "i-lucide-copy",
  database: "i-lucide-database",
  download: "i-lucide-download",
  folder: "i-lucide-folder",
  key: "i-lucide-key-round",
  dashboard: "i-lucide-layout-dashboard",
  jobs: "i-lucide-list-checks",
  lock: "i-lucide-lock",
  "log-out": "i-lucide-log-out",
  monitor: "i-lucide-monitor",
  moon: "i-lucide-moon",
  pencil: "i-lucide-pencil",
  play: "i-lucide-play",
  plus: "i-lucide-plus",
  refresh: "i-lucide-refresh-cw",
  audit: "i-lucide-scroll-text",
  search: "i-lucide-search",
  settings: "i-lucide-settings",
  "shield-check": "i-lucide-shield-check",
  "shield-alert": "i-lucide-shield-alert",
  shield: "i-lucide-shield",
  square: "i-lucide-square",
  sun: "i-lucide-sun",
  theme: "i-lucide-sun-moon",
  user: "i-lucide-user",
  x: "i-lucide-x",
} as const;

export type IconName = keyof typeof CLASSES;

/** A decorative icon. Its meaning must be given in text beside it or in the label of its button. */
export function Icon({ name, small }: { name: IconName; small?: boolean }) {
  return <span class={`i ${small ? "i-s " : ""}${CLASSES[name]}`} aria-hidden="true" />;
}
