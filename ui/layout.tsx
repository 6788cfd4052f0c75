// The document around every page: head, bar, palette, toasts. Polls receive only the parts that can change.
import type { Child } from "hono/jsx";
import type { AssetUrls, Preferences } from "../shared/pages.ts";
import { Bar, Nav } from "./bar.tsx";
import { ToastBox } from "./components/floats.tsx";
import { GlyphSprite } from "./components/glyph.tsx";
import { HoldBanner } from "./deletion-holds/banner.tsx";
import { Palette, Shortcuts } from "./palette.tsx";
import { barColors } from "./theme.ts";
import type { View } from "./view.ts";

declare module "hono/jsx" {
  namespace JSX {
    interface IntrinsicElements {
      "hx-partial": { "hx-target": string; "hx-swap": string; children?: Child };
    }
  }
}

/** HTMX settings: no eval, no injected styles, and errors never replace content. */
const HTMX_CONFIG = JSON.stringify({
  includeIndicatorCSS: false,
  history: false,
  noSwap: [204, 304, "4xx", "5xx"],
  morphScanLimit: 120,
});

/** `<html>` with its `<head>`. Pages with and without sign-in provide their own `<body>`. */
export function Document({
  title,
  assets,
  preferences,
  extraScript,
  children,
}: {
  title: string;
  assets: AssetUrls;
  preferences: Preferences;
  extraScript?: string | undefined;
  children: Child;
}) {
  return (
    <html lang="en" data-theme={preferences.theme ?? undefined}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
        <title>{title} · restic-manager</title>
        <meta name="color-scheme" content="light dark" />
        <meta name="theme-color" media="(prefers-color-scheme: light)" content={barColors.light} />
        <meta name="theme-color" media="(prefers-color-scheme: dark)" content={barColors.dark} />
        <meta name="htmx-config" content={HTMX_CONFIG} />
        <link rel="icon" type="image/svg+xml" href={assets.icon} />
        {assets.fonts.map((font) => (
          <link rel="preload" as="font" type="font/woff2" href={font} crossorigin="anonymous" />
        ))}
        <link rel="stylesheet" href={assets.styles} />
        <script src={assets.script} defer />
        {extraScript ? <script src={extraScript} defer /> : null}
      </head>
      {children}
    </html>
  );
}

/**
 * A page for a signed-in user. With `live` (its own address) it polls itself while visible;
 * with `view.partial` only the parts that can change are rendered.
 */
export function Page({
  view,
  title,
  live,
  script,
  children,
}: {
  view: View;
  title: string;
  live?: string;
  script?: string;
  children: Child;
}) {
  const polls = live
    ? { "hx-get": live, "hx-trigger": "live", "hx-swap": "outerMorph", "hx-target": "this", "hx-sync": "this:drop" }
    : {};
  const main = (
    <main class="page" id="main" {...polls}>
      <HoldBanner view={view} />
      {children}
    </main>
  );
  if (view.partial)
    return (
      <>
        <title>{`${title} · restic-manager`}</title>
        {main}
        <hx-partial hx-target="#nav" hx-swap="outerMorph">
          <Nav view={view} />
        </hx-partial>
      </>
    );
  const headers = { "hx-headers:inherited": JSON.stringify({ "X-CSRF-Token": view.csrf }) };
  return (
    <Document title={title} assets={view.assets} preferences={view.preferences} extraScript={script}>
      <body {...headers} data-now={view.now}>
        <a class="skip" href="#main">
          Skip to content
        </a>
        <Bar view={view} />
        <div class="reconnect" id="reconnect" role="status" hidden>
          Connection lost. Reconnecting…
        </div>
        {main}
        <div class="toasts" id="toasts" aria-live="polite">
          {view.toast ? <ToastBox toast={view.toast} /> : null}
        </div>
        <Palette />
        <Shortcuts />
        <GlyphSprite />
      </body>
    </Document>
  );
}

/** The verdict on the left, the Live switch and the main button on the right. */
export function PageHead({
  view,
  live,
  tools,
  children,
}: {
  view: View;
  live?: boolean;
  tools?: Child;
  children: Child;
}) {
  return (
    <div class="page-head">
      {children}
      {live || tools ? (
        <div class="page-tools">
          {live ? (
            <label class="switch needs-script">
              {/* biome-ignore lint/a11y/useAriaPropsForRole: a checkbox carries its state itself */}
              <input type="checkbox" role="switch" id="live" checked={view.preferences.live} />
              Live
            </label>
          ) : null}
          {tools ?? null}
        </div>
      ) : null}
    </div>
  );
}
