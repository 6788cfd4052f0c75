// Copy buttons, with a fallback for plain HTTP, where browsers offer no clipboard API.

async function copyText(source: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(source.textContent ?? "");
    return true;
  } catch {
    getSelection()?.selectAllChildren(source);
    return document.execCommand("copy");
  }
}

export function startCopying(): void {
  document.addEventListener("click", async ({ target }) => {
    const button = (target as Element).closest<HTMLElement>("[data-copy]");
    const source = button?.parentElement?.querySelector<HTMLElement>("[data-copy-text]");
    if (!button || !source) return;
    const words = button.lastChild;
    const before = words?.textContent ?? "Copy";
    const copied = await copyText(source);
    if (words) words.textContent = copied ? "Copied" : "Press Ctrl+C";
    setTimeout(() => {
      if (words) words.textContent = before;
    }, 2_000);
  });
}
