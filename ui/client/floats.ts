// Menus with arrow keys, dialogs in older browsers, and buttons enabled by typed confirmation.

function placeMenu(menu: HTMLElement): void {
  const button = document.querySelector<HTMLElement>(`[popovertarget="${CSS.escape(menu.id)}"]`);
  if (!button) return;
  const from = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const left = Math.max(8, Math.min(from.right - width, window.innerWidth - width - 8));
  const below = from.bottom + 4;
  const top = below + height > window.innerHeight - 8 && from.top > height + 12 ? from.top - height - 4 : below;
  menu.style.left = `${left}px`;
  menu.style.top = `${top}px`;
  menu.querySelector<HTMLElement>("input:not([type=hidden]), button, a")?.focus();
}

function walkMenu(event: KeyboardEvent, menu: HTMLElement): void {
  const entries = [...menu.querySelectorAll<HTMLElement>("button, a")];
  const at = entries.indexOf(document.activeElement as HTMLElement);
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (step === 0) return;
  event.preventDefault();
  entries[(at + step + entries.length) % entries.length]?.focus();
}

function arm(input: HTMLInputElement): void {
  const button = input.form?.querySelector<HTMLButtonElement>("button[type=submit]");
  if (button) button.disabled = !input.validity.valid;
}

export function startFloats(): void {
  document.addEventListener(
    "toggle",
    (event) => {
      const menu = event.target as HTMLElement;
      if (menu.popover === "auto" && (event as ToggleEvent).newState === "open") placeMenu(menu);
    },
    true,
  );
  document.addEventListener("keydown", (event) => {
    const menu = (event.target as Element).closest<HTMLElement>(".menu[popover]");
    if (menu) walkMenu(event, menu);
  });
  // Choosing an entry closes its menu.
  document.addEventListener("click", ({ target }) => {
    const entry = (target as Element).closest<HTMLElement>(".menu[popover] button");
    entry?.closest<HTMLElement>("[popover]")?.hidePopover();
  });

  document.addEventListener("input", ({ target }) => {
    if (target instanceof HTMLInputElement && "typed" in target.dataset) arm(target);
  });
  for (const input of document.querySelectorAll<HTMLInputElement>("input[data-typed]")) arm(input);

  if (!("commandForElement" in HTMLButtonElement.prototype))
    document.addEventListener("click", ({ target }) => {
      const button = (target as Element).closest<HTMLElement>("[data-dialog], [data-close]");
      const id = button?.getAttribute("commandfor");
      const dialog = id ? document.querySelector<HTMLDialogElement>(`dialog#${CSS.escape(id)}`) : null;
      if (button && "dialog" in button.dataset) dialog?.showModal();
      else dialog?.close();
    });
  document.querySelector<HTMLDialogElement>("dialog[data-open]")?.showModal();
}
