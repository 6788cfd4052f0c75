/** Reads the fields of submitted forms. A refused form keeps what was typed. */
import type { FormState } from "../../shared/pages.ts";
import { Refusal } from "./errors.ts";
import type { FormBody } from "./routes.ts";

/** A form field as text. For a repeated field, the first value. */
export function textOf(body: FormBody, name: string): string {
  const value = body[name];
  return (typeof value === "string" ? value : value?.[0]) ?? "";
}

/** The lines of a field with one entry per line. */
export function linesOf(body: FormBody, name: string): string[] {
  return textOf(body, name)
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** The lines as typed, including empty ones, so that line numbers in messages match. Empty when all lines are empty. */
export function rawLinesOf(body: FormBody, name: string): string[] {
  return linesOf(body, name).length === 0 ? [] : textOf(body, name).split(/\r?\n/);
}

/** The entries of a comma-separated field. */
export function listOf(body: FormBody, name: string): string[] {
  return textOf(body, name)
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

/** `NAME=value` lines as a record. A line without an equals sign is a name without a value, which the operation refuses. */
export function pairsOf(body: FormBody, name: string): Record<string, string> {
  return Object.fromEntries(
    linesOf(body, name).map((line) => {
      const sign = line.indexOf("=");
      return sign < 0 ? [line, ""] : [line.slice(0, sign).trim(), line.slice(sign + 1)];
    }),
  );
}

/**
 * Runs the operation of a form. A refusal that a person can fix by typing is returned as the form's state.
 * Others (404, missing rights) go to the error page.
 */
export async function attempt<T>(
  body: FormBody,
  run: () => T | Promise<T>,
): Promise<{ ok: true; value: T } | { ok: false; form: FormState; status: number }> {
  try {
    return { ok: true, value: await run() };
  } catch (error) {
    if (!(error instanceof Refusal) || error.status === 404) throw error;
    const errors = Object.fromEntries(
      Object.entries(error.fields).map(([name, text]) => [name.replace(/^repo\./, ""), text]),
    );
    const hasField = Object.keys(errors).some((name) => name in body);
    return {
      ok: false,
      form: { values: typedValues(body), errors, message: hasField ? undefined : error.message },
      status: error.status,
    };
  }
}

/** The values of the checkboxes with this name. */
export function checkedValuesOf(body: FormBody, name: string): string[] {
  return [body[name] ?? []].flat();
}

/** The typed values without passwords, which are never sent back. Checkboxes with one of these names become one value. */
export function typedValues(body: FormBody, checkboxes: readonly string[] = []): FormState["values"] {
  return Object.fromEntries([
    ...Object.keys(body)
      .filter((name) => !/password|^env/.test(name))
      .map((name) => [name, textOf(body, name)]),
    ...checkboxes.map((name) => [name, checkedValuesOf(body, name).join(" ")]),
  ]);
}
