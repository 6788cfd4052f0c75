// Night strips: one tab stop, arrows walk the nights, Enter opens the jobs of that night (cells are links).

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
