// Keyboard shortcuts, and arrow keys in night strips.

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

/** A night strip is one tab stop. Arrow keys move between its cells, which are links. */
export function startStrips(): void {
  document.addEventListener("keydown", (event) => {
    const target = event.target as HTMLElement;
    const strip = target.closest<HTMLElement>(".strip[role=group]");
    if (!strip) return;
    const cells = [...strip.querySelectorAll<HTMLElement>("a")];
    const at = cells.indexOf(target);
    const next = {
      ArrowLeft: at < 0 ? cells.length - 1 : at - 1,
      ArrowRight: at < 0 ? 0 : at + 1,
      Home: 0,
      End: cells.length - 1,
    }[event.key];
    if (event.key === "Escape" && at >= 0) strip.focus();
    if (next === undefined) return;
    event.preventDefault();
    cells[Math.max(0, Math.min(next, cells.length - 1))]?.focus();
  });
}
