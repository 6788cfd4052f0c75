// The document around every page: head, bar, navigation, floats that belong to all pages. Polls get only what can change.
import type { Child } from "hono/jsx";
import { OpenButton } from "./components/button.tsx";
import { Csrf } from "./components/field.tsx";
import { Menu, ToastBox } from "./components/floats.tsx";
import { GlyphSprite } from "./components/glyph.tsx";
import { Icon, type IconName } from "./components/icon.tsx";
import { barColors } from "./theme.ts";
import { type AssetUrls, may, type Preferences, type View } from "./view.ts";

declare module "hono/jsx" {
  namespace JSX {
    interface IntrinsicElements {
      "hx-partial": { "hx-target": string; "hx-swap": string; children?: Child };
    }
  }
}

/** HTMX: nothing is evaluated, no style is injected, refusals never replace content. */
const HTMX_CONFIG = JSON.stringify({
  includeIndicatorCSS: false,
  history: false,
  noSwap: [204, 304, "4xx", "5xx"],
  morphScanLimit: 120,
});

/** `<html>` with everything in `<head>`; `body` attributes differ between the door and the pages. */
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
 * A page for somebody who is signed in. With `live` (its own address) it polls itself while visible;
 * with `view.partial` only the part that can change is rendered.
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

function Bar({ view }: { view: View }) {
  return (
    <header class="bar">
      <a class="brand" href="/">
        <svg aria-hidden="true">
          <use href="#brand" />
        </svg>
        restic-manager
      </a>
      <Nav view={view} />
      <div class="bar-end">
        <a class="search" href="/search" data-palette="" aria-label="Find host, repo, page">
          <Icon name="search" small />
          <span>Find host, repo, page</span>
          <kbd>/</kbd>
        </a>
        <ThemeMenu theme={view.preferences.theme} />
        <AccountMenu view={view} />
      </div>
    </header>
  );
}

type Place = {
  href: string;
  icon: IconName;
  word: string;
  admin?: boolean;
  onlyWide?: boolean;
  under: readonly string[];
};

const PLACES: readonly Place[] = [
  { href: "/", icon: "dashboard", word: "Dashboard", under: ["/hosts"] },
  { href: "/repos", icon: "database", word: "Repos", under: ["/repos"] },
  { href: "/jobs", icon: "jobs", word: "Jobs", under: ["/jobs"] },
  { href: "/audit", icon: "audit", word: "Audit", admin: true, onlyWide: true, under: ["/audit"] },
];

/** A repo's page lies under its host, and is one of the repos all the same. */
const REPO_PAGE = /^\/hosts\/[^/]+\/repos\/[^/]+/;

function placeOf(path: string): Place | undefined {
  if (REPO_PAGE.test(path)) return PLACES.find(({ href }) => href === "/repos");
  return PLACES.find(({ href, under }) => path === href || under.some((start) => path.startsWith(start)));
}

function Nav({ view }: { view: View }) {
  const running = view.counts.runningJobs;
  return (
    <nav class="nav" id="nav" aria-label="Main">
      {PLACES.filter((place) => !place.admin || may(view, "admin")).map((place) => {
        const current = place === placeOf(view.path);
        return (
          <a
            href={place.href}
            class={place.onlyWide ? "only-wide" : undefined}
            aria-current={current ? "page" : undefined}
          >
            <Icon name={place.icon} />
            {place.word}
            {place.href === "/jobs" && running > 0 ? (
              <span class="count count-running" title={`${running} running`}>
                {running}
              </span>
            ) : null}
          </a>
        );
      })}
    </nav>
  );
}

const THEMES = [
  { value: "", icon: "monitor", word: "As the system" },
  { value: "light", icon: "sun", word: "Light" },
  { value: "dark", icon: "moon", word: "Dark" },
] as const;

function ThemeMenu({ theme }: { theme: Preferences["theme"] }) {
  const words = THEMES.find(({ value }) => value === (theme ?? ""))?.word.toLowerCase();
  return (
    <span class="needs-script">
      <OpenButton popover="theme-menu" icon="theme" quiet iconOnly label={`Theme: ${words}`} />
      <Menu id="theme-menu" label="Theme">
        {THEMES.map(({ value, icon, word }) => (
          <button
            type="button"
            role="menuitemradio"
            aria-checked={value === (theme ?? "") ? "true" : "false"}
            data-theme-choice={value}
          >
            <Icon name={icon} />
            {word}
          </button>
        ))}
      </Menu>
    </span>
  );
}

function AccountMenu({ view }: { view: View }) {
  const { username, role } = view.viewer;
  return (
    <>
      <button class="btn btn-quiet" type="button" popovertarget="account-menu">
        <Icon name="user" />
        <span class="only-wide">{username}</span>
        <span class="vh">Account menu</span>
      </button>
      <div class="menu" id="account-menu" popover="auto">
        <div class="menu-head">
          {username}, {role}
        </div>
        <a href="/settings/account">
          <Icon name="settings" />
          Account
        </a>
        {may(view, "admin") ? (
          <>
            <a href="/settings/system">
              <Icon name="database" />
              System
            </a>
            <a href="/audit">
              <Icon name="audit" />
              Audit
            </a>
          </>
        ) : null}
        <form method="post" action="/logout">
          <Csrf token={view.csrf} />
          <button type="submit">
            <Icon name="log-out" />
            Sign out
          </button>
        </form>
      </div>
    </>
  );
}

function Palette() {
  return (
    <dialog class="palette" id="palette" aria-label="Jump to or run">
      <div class="palette-input">
        <Icon name="search" />
        <input
          id="palette-query"
          role="combobox"
          aria-label="Jump to or run"
          aria-expanded="true"
          aria-controls="palette-list"
          placeholder="Jump to a host, repo or page, or run a group"
          autocomplete="off"
          spellcheck={false}
        />
        <kbd>Esc</kbd>
      </div>
      <div class="palette-list" role="listbox" id="palette-list" aria-label="Results" />
      <div class="palette-foot">
        <span>
          <kbd>↑</kbd>
          <kbd>↓</kbd>choose
        </span>
        <span>
          <kbd>↵</kbd>open
        </span>
        <span class="only-wide">
          <kbd>?</kbd>all shortcuts
        </span>
      </div>
    </dialog>
  );
}

const SHORTCUTS = [
  [["/"], "Filter this page, or find anything"],
  [["Ctrl", "K"], "Jump to a host, repo or page, or run a group"],
  [["?"], "This list"],
  [["←", "→"], "Walk the nights of a strip"],
  [["↵"], "Open the jobs of that night"],
  [["Esc"], "Close what floats"],
] as const;

function Shortcuts() {
  return (
    <dialog class="dialog" id="shortcuts" aria-labelledby="shortcuts-title">
      <div class="dialog-body">
        <h2 id="shortcuts-title">Keyboard shortcuts</h2>
        <dl class="facts-rows keys">
          {SHORTCUTS.map(([keys, words]) => (
            <>
              <dt>
                {keys.map((key) => (
                  <kbd>{key}</kbd>
                ))}
              </dt>
              <dd>{words}</dd>
            </>
          ))}
        </dl>
      </div>
      <div class="dialog-foot">
        <button class="btn" type="button" command="close" commandfor="shortcuts" data-close="">
          Close
        </button>
      </div>
    </dialog>
  );
}

/** Verdict at the left, the Live switch and the page's main button at the right. */
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
