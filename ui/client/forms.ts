// Forms: no double submission, focus on the first wrong field, conditional fields and instant filters.

function guardAgainstDoubleSending(): void {
  const sent = new WeakSet<HTMLFormElement>();
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("hx-post")) return;
    if (sent.has(form)) event.preventDefault();
    sent.add(form);
    event.submitter?.setAttribute("aria-busy", "true");
  });
  // After the browser's Back, the form may be submitted again.
  window.addEventListener("pageshow", ({ persisted }) => {
    if (persisted) location.reload();
  });
}

/** Shows form rows only for certain values of a select or radio: `data-when="kind=rest s3"`. */
function showChoices(form: HTMLFormElement): void {
  const values = new FormData(form);
  for (const part of form.querySelectorAll<HTMLElement>("[data-when]")) {
    const [name = "", wanted = ""] = (part.dataset.when ?? "").split("=");
    part.hidden = !wanted.split(" ").includes(String(values.get(name) ?? ""));
  }
}

/** A quick pick fills the field it names, as if typed: `data-fill="cron"`. */
function startPicks(): void {
  document.addEventListener("click", (event) => {
    const pick = (event.target as Element).closest<HTMLButtonElement>("button[data-fill]");
    const field = pick?.form?.elements.namedItem(pick.dataset.fill ?? "");
    if (!pick || !(field instanceof HTMLInputElement)) return;
    event.preventDefault();
    field.value = pick.value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  document.addEventListener("input", ({ target }) => {
    if (!(target instanceof HTMLInputElement) || !target.form) return;
    for (const pick of target.form.querySelectorAll<HTMLButtonElement>("button[data-fill]"))
      if (pick.dataset.fill === target.name)
        pick.setAttribute("aria-pressed", String(pick.value === target.value.trim()));
  });
}

export function startForms(): void {
  startPicks();
  guardAgainstDoubleSending();
  document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  for (const form of document.querySelectorAll<HTMLFormElement>("form:has([data-when])")) {
    showChoices(form);
    form.addEventListener("change", () => showChoices(form));
  }
  document.addEventListener("change", ({ target }) => {
    if (target instanceof HTMLSelectElement && target.form?.matches("form.filters:not([hx-get])"))
      target.form.requestSubmit();
  });
}
