// The command palette. The server returns results as ready-made options.

const TYPING_MS = 120;

/** Sets up the palette and returns the function that opens it, a no-op on pages without a palette. */
export function startPalette(): () => void {
  const dialog = document.querySelector<HTMLDialogElement>("#palette");
  const input = document.querySelector<HTMLInputElement>("#palette-query");
  const list = document.querySelector<HTMLElement>("#palette-list");
  if (!dialog || !input || !list) return () => {};

  const options = () => [...list.querySelectorAll<HTMLElement>("[role=option]")];
  const select = (at: number) => {
    for (const [index, option] of options().entries()) {
      option.ariaSelected = String(index === at);
      option.id = `palette-${index}`;
      if (index !== at) continue;
      option.scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", option.id);
    }
  };
  const selected = () => options().findIndex((option) => option.ariaSelected === "true");
  const load = async () => {
    const url = `/search?q=${encodeURIComponent(input.value)}`;
    await window.htmx.ajax("GET", url, { target: "#palette-list", swap: "innerHTML" });
    select(0);
  };
  let pending: ReturnType<typeof setTimeout> | undefined;
  const open = () => {
    if (dialog.open) return;
    dialog.showModal();
    input.value = "";
    void load();
  };

  input.addEventListener("input", () => {
    clearTimeout(pending);
    pending = setTimeout(load, TYPING_MS);
  });
  input.addEventListener("keydown", (event) => {
    const count = options().length;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && count > 0) {
      event.preventDefault();
      select((selected() + step + count) % count);
    }
    if (event.key === "Enter") {
      event.preventDefault();
      options()[selected()]?.click();
    }
  });
  list.addEventListener("click", ({ target }) => {
    if ((target as Element).closest("[role=option]")) dialog.close();
  });
  // Clicks on the backdrop have the dialog itself as target.
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog) dialog.close();
  });
  document.addEventListener("click", (event) => {
    if (!(event.target as Element).closest("[data-palette]")) return;
    event.preventDefault();
    open();
  });
  return open;
}
