// The bar at the top of every page: brand, navigation, search, theme and account.
import type { Preferences } from "../shared/pages.ts";
import { OpenButton } from "./components/button.tsx";
import { Csrf } from "./components/field.tsx";
import { Menu } from "./components/floats.tsx";
import { Icon, type IconName } from "./components/icon.tsx";
import { may, type View } from "./view.ts";

export function Bar({ view }: { view: View }) {
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

/** A repo's page is below its host but belongs to Repos in the navigation. */
const REPO_PAGE = /^\/hosts\/[^/]+\/repos\/[^/]+/;

function placeOf(path: string): Place | undefined {
  if (REPO_PAGE.test(path)) return PLACES.find(({ href }) => href === "/repos");
  return PLACES.find(({ href, under }) => path === href || under.some((start) => path.startsWith(start)));
}

export function Nav({ view }: { view: View }) {
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
  { value: "", icon: "monitor", word: "System" },
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
