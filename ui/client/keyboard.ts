// Shortcuts: `/` filters the page or finds anything, Ctrl-K opens the palette, `?` lists them.

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");
}

export function startKeyboard(openPalette: () => void): void {
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      openPalette();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key === "/") {
      event.preventDefault();
      const filter = document.querySelector<HTMLInputElement>("main [data-filter]");
      if (filter) filter.focus();
      else openPalette();
    }
    if (event.key === "?") document.querySelector<HTMLDialogElement>("#shortcuts")?.showModal();
  });
}
