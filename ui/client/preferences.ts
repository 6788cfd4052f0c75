// Theme, Live switch and time zone, kept in cookies so that the server's first response already uses them.

const YEAR_SECONDS = 31_536_000;

function remember(name: string, value: string): void {
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing on plain HTTP
  document.cookie = `${name}=${encodeURIComponent(value)}; Path=/; Max-Age=${value ? YEAR_SECONDS : 0}; SameSite=Lax`;
}

export function rememberLive(on: boolean): void {
  remember("rm_live", on ? "" : "off");
}

function chooseTheme(choice: HTMLElement): void {
  const theme = choice.dataset.themeChoice ?? "";
  remember("rm_theme", theme);
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  for (const other of document.querySelectorAll<HTMLElement>("[data-theme-choice]"))
    other.setAttribute("aria-checked", String(other.dataset.themeChoice === theme));
  choice.closest<HTMLElement>("[popover]")?.hidePopover();
}

export function startPreferences(): void {
  remember("rm_tz", Intl.DateTimeFormat().resolvedOptions().timeZone);
  document.addEventListener("click", ({ target }) => {
    const choice = (target as Element).closest<HTMLElement>("[data-theme-choice]");
    if (choice) chooseTheme(choice);
  });
}
