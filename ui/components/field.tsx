// Form fields with a label above and a hint or error below. A refused value is shown again as entered.
import type { Child } from "hono/jsx";
import type { FormState } from "../../shared/pages.ts";
import { formatPlural } from "../format.ts";
import { ConflictSection } from "./conflict.tsx";
import { Glyph } from "./glyph.tsx";
import { Icon } from "./icon.tsx";

type FieldProps = {
  name: string;
  label: Child;
  form: FormState;
  hint?: Child;
  mono?: boolean;
  /** Initial value. */
  value?: string;
  /** Keeps ids unique if a page has the same field twice. */
  scope?: string;
};

function idOf({ name, scope }: { name: string; scope?: string | undefined }): string {
  return scope ? `${scope}-${name}` : name;
}

/** The hint or error below a field, and the ARIA attributes that point at it. */
function describe({ name, form, hint, scope }: FieldProps) {
  const id = idOf({ name, scope });
  const error = form.errors[name];
  const aria = error
    ? { "aria-invalid": "true" as const, "aria-describedby": `${id}-error` }
    : hint
      ? { "aria-describedby": `${id}-hint` }
      : {};
  const below = error ? (
    <FieldError id={`${id}-error`}>{error}</FieldError>
  ) : hint ? (
    <p class="hint" id={`${id}-hint`}>
      {hint}
    </p>
  ) : null;
  return { id, aria, below };
}

export function FieldError({ id, children }: { id?: string; children: Child }) {
  return (
    <p class="error" id={id}>
      <Glyph name="failed" />
      <span>{children}</span>
    </p>
  );
}

/** A one-line field. Passwords are never sent back. */
export function TextField(
  props: FieldProps & {
    type?: "text" | "password" | "number" | "url";
    autocomplete?: string;
    placeholder?: string;
    required?: boolean;
    minlength?: number;
    maxlength?: number;
    pattern?: string;
    autofocus?: boolean;
    inputmode?: "numeric";
  },
) {
  const { name, label, form, mono, value, scope, hint, type = "text", ...rest } = props;
  const { id, aria, below } = describe(props);
  const typed = type === "password" ? undefined : (form.values[name] ?? value);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input class={mono ? "input mono" : "input"} id={id} name={name} type={type} value={typed} {...rest} {...aria} />
      {below}
    </div>
  );
}

/** A whole number in a text field, so that a wrong entry can be shown again. */
export function NumberField(props: FieldProps & { digits: number }) {
  const { digits, ...rest } = props;
  return <TextField {...rest} inputmode="numeric" maxlength={digits} autocomplete="off" />;
}

/** Whether one of several checkboxes with the same name is ticked: as submitted (space-separated), otherwise as stored. */
export function isChecked(form: FormState, name: string, value: string, stored: boolean): boolean {
  return Object.keys(form.values).length > 0 ? (form.values[name] ?? "").split(" ").includes(value) : stored;
}

/** A multi-line field with one entry per line. */
export function LinesField(props: FieldProps & { rows?: number; placeholder?: string; required?: boolean }) {
  const { name, label, form, value, rows = 5, scope, hint, mono, ...rest } = props;
  const { id, aria, below } = describe(props);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea class="textarea mono" id={id} name={name} rows={rows} spellcheck={false} {...rest} {...aria}>
        {form.values[name] ?? value ?? ""}
      </textarea>
      {below}
    </div>
  );
}

export function SelectField(props: FieldProps & { options: readonly { value: string; label: string }[] }) {
  const { name, label, form, value, options } = props;
  const { id, aria, below } = describe(props);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <Select id={id} name={name} value={form.values[name] ?? value ?? ""} options={options} aria={aria} />
      {below}
    </div>
  );
}

/** A bare select for filter rows; `label` is for screen readers only. */
export function Select({
  id,
  name,
  value,
  options,
  label,
  aria = {},
}: {
  id?: string;
  name: string;
  value: string;
  options: readonly { value: string; label: string }[];
  label?: string;
  aria?: Record<string, string>;
}) {
  return (
    <span class="select-wrap">
      <select class="select" id={id} name={name} aria-label={label} {...aria}>
        {options.map((option) => (
          <option value={option.value} selected={option.value === value}>
            {option.label}
          </option>
        ))}
      </select>
      <Icon name="chevron-down" />
    </span>
  );
}

/** A checkbox. Sends "on" or nothing. */
export function Checkbox({
  name,
  label,
  hint,
  checked,
  form,
  scope,
}: {
  name: string;
  label: Child;
  hint?: Child;
  checked: boolean;
  form: FormState;
  scope?: string;
}) {
  const sent = Object.keys(form.values).length > 0;
  return (
    <label class="check">
      <input
        type="checkbox"
        id={idOf({ name, scope })}
        name={name}
        checked={sent ? form.values[name] !== undefined : checked}
      />
      <span>
        {label}
        {hint ? <small>{hint}</small> : null}
      </span>
    </label>
  );
}

/** The error message of the whole form, above its fields. */
export function FormMessage({ form }: { form: FormState }) {
  if (form.conflict) return <ConflictSection conflict={form.conflict} />;
  return form.message ? (
    <div class="notice failed" role="alert">
      <Glyph name="failed" />
      <div>{form.message}</div>
    </div>
  ) : null;
}

/** Sticks to the bottom of a form, counts its errors and links to the first. */
export function SaveBar({ form, children }: { form: FormState; children: Child }) {
  const wrong = Object.keys(form.errors).filter((name) => form.errors[name]);
  return (
    <div class="save-bar">
      {children}
      {wrong.length > 0 ? (
        <a class="error" href={`#${wrong[0]}`}>
          <Glyph name="failed" />
          <span>Not saved. {formatPlural(wrong.length, "field needs", "fields need")} correcting.</span>
        </a>
      ) : null}
    </div>
  );
}

export function Csrf({ token }: { token: string }) {
  return <input type="hidden" name="csrf" value={token} />;
}
