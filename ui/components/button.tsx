// Buttons, links that look like buttons, and buttons with a form of their own.
import type { Child } from "hono/jsx";
import { Icon, type IconName } from "./icon.tsx";

export type ButtonStyle = { primary?: boolean; danger?: boolean; quiet?: boolean; small?: boolean };

function classOf({ primary, danger, quiet, small }: ButtonStyle, more = ""): string {
  return [
    "btn",
    small ? "btn-s" : "",
    primary ? "btn-primary" : "",
    danger ? "btn-danger" : "",
    quiet ? "btn-quiet" : "",
    more,
  ]
    .filter(Boolean)
    .join(" ");
}

type ButtonProps = ButtonStyle & {
  icon?: IconName;
  /** Accessible name, if the visible text alone is ambiguous. */
  label?: string;
  children: Child;
};

/** Submits its form. */
export function SubmitButton({ icon, label, children, ...style }: ButtonProps) {
  return (
    <button class={classOf(style)} type="submit" aria-label={label}>
      {icon ? <Icon name={icon} /> : null}
      {children}
    </button>
  );
}

/** Links to another page. */
export function LinkButton({ icon, label, href, children, ...style }: ButtonProps & { href: string }) {
  return (
    <a class={classOf(style)} href={href} aria-label={label}>
      {icon ? <Icon name={icon} /> : null}
      {children}
    </a>
  );
}

/** Opens a dialog (`<dialog id>`) or a menu (`popover`) on the same page, without script where browsers support it. */
export function OpenButton({
  icon,
  label,
  dialog,
  popover,
  chevron,
  iconOnly,
  children,
  ...style
}: Omit<ButtonProps, "children"> & {
  dialog?: string;
  popover?: string;
  chevron?: boolean;
  iconOnly?: boolean;
  children?: Child;
}) {
  const opens = dialog
    ? { command: "show-modal", commandfor: dialog, "data-dialog": dialog, "aria-haspopup": "dialog" as const }
    : { popovertarget: popover, "aria-haspopup": "menu" as const };
  return (
    <button class={classOf(style, iconOnly ? "btn-icon" : "")} type="button" aria-label={label} {...opens}>
      {icon ? <Icon name={icon} /> : null}
      {children}
      {chevron ? <Icon name="chevron-down" /> : null}
    </button>
  );
}

/** A disabled button that points at the text explaining why. */
export function BlockedButton({ why, children, ...style }: ButtonStyle & { why: string; children: Child }) {
  return (
    <button class={classOf(style)} type="button" aria-disabled="true" aria-describedby={why}>
      {children}
    </button>
  );
}

/** A button with its own form. With `stay` and script, the page stays and a toast shows the result. */
export function Verb({
  action,
  csrf,
  fields = {},
  stay,
  ...button
}: ButtonProps & {
  action: string;
  csrf: string;
  fields?: Record<string, string>;
  /** Stays on the page and shows the result as a toast, if scripts run. */
  stay?: boolean;
}) {
  return (
    <form method="post" action={action} class="verb" {...(stay ? { "hx-post": action, "hx-swap": "none" } : {})}>
      <input type="hidden" name="csrf" value={csrf} />
      {Object.entries(fields).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <SubmitButton {...button} />
    </form>
  );
}
