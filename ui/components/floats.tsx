// Menus, confirmation dialogs and toasts.
import type { Child } from "hono/jsx";
import type { Toast } from "../../shared/pages.ts";
import { SubmitButton } from "./button.tsx";
import { Csrf } from "./field.tsx";
import { Glyph } from "./glyph.tsx";
import { Icon } from "./icon.tsx";

/** Opened by `OpenButton popover={id}`. Entries are buttons or links with `role="menuitem"`. */
export function Menu({ id, label, head, children }: { id: string; label: string; head?: Child; children: Child }) {
  return (
    <div class="menu" id={id} popover="auto" role="menu" aria-label={label}>
      {head ? (
        <div class="menu-head" role="presentation">
          {head}
        </div>
      ) : null}
      {children}
    </div>
  );
}

/**
 * Confirms an action. With `typed`, the button stays disabled until that text is entered
 * (a pattern enforces it without script, and the server checks it again).
 */
export function ConfirmDialog({
  id,
  title,
  action,
  csrf,
  typed,
  error,
  keep = "Cancel",
  verb,
  calm,
  children,
}: {
  id: string;
  title: Child;
  action: string;
  csrf: string;
  typed?: string;
  error?: string | undefined;
  keep?: string;
  verb: string;
  /** True if the action is harmless. */
  calm?: boolean;
  children: Child;
}) {
  return (
    <dialog class="dialog" id={id} aria-labelledby={`${id}-title`} data-open={error ? "" : undefined}>
      <form method="post" action={action}>
        <Csrf token={csrf} />
        <div class="dialog-body">
          <h2 id={`${id}-title`}>{title}</h2>
          {children}
          {typed === undefined ? null : (
            <div class="field">
              <label for={`${id}-confirm`}>
                Type <code>{typed}</code> to confirm
              </label>
              <input
                class="input mono"
                id={`${id}-confirm`}
                name="confirm"
                autocomplete="off"
                spellcheck={false}
                required
                pattern={escapePattern(typed)}
                data-typed=""
                {...(error ? { "aria-invalid": "true" as const, "aria-describedby": `${id}-error` } : {})}
              />
              {error ? (
                <p class="error" id={`${id}-error`}>
                  <Glyph name="failed" />
                  <span>{error}</span>
                </p>
              ) : null}
            </div>
          )}
        </div>
        <div class="dialog-foot">
          <button class="btn" type="button" command="close" commandfor={id} data-close="">
            {keep}
          </button>
          <SubmitButton {...(calm ? { primary: true } : { danger: true })}>{verb}</SubmitButton>
        </div>
      </form>
    </dialog>
  );
}

/** An HTML `pattern` that matches exactly this text (browsers compile it with the `v` flag). */
export function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

/** One toast. Failures stay until closed. The browser script builds the same markup. */
export function ToastBox({ toast }: { toast: Toast }) {
  return (
    <div class="toast" role={toast.tone === "failed" ? "alert" : "status"} data-tone={toast.tone}>
      <Glyph name={toast.tone} />
      <span>
        {toast.text}
        {toast.link ? (
          <>
            {" "}
            <a href={toast.link.href}>{toast.link.label}</a>
          </>
        ) : null}
      </span>
      <button class="btn btn-s btn-quiet btn-icon needs-script" type="button" aria-label="Close" data-close-toast="">
        <Icon name="x" />
      </button>
    </div>
  );
}
