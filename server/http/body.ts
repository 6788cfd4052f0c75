/** Reads request bodies within limits on bytes and fields, as JSON or as an urlencoded form. */
import { badInput, Refusal } from "./errors.ts";
import type { AppContext, FormBody, Route } from "./routes.ts";

type Limits = { bytes: number; fields: number; said: string };

const SIGNED_IN: Limits = { bytes: 1024 * 1024, fields: 2_000, said: "1 MiB" };
/** For unauthenticated requests: the longest legitimate body is an enrolment of two kilobytes. */
const PUBLIC: Limits = { bytes: 16 * 1024, fields: 50, said: "16 KiB" };
const LONGEST_FIELD_NAME = 200;

export function isJson(c: AppContext): boolean {
  return /^application\/json\b/i.test(c.req.header("content-type") ?? "");
}

/** @throws Refusal 413; 415 for another kind of form; 400 for a body that cannot be parsed */
export async function readBody(c: AppContext, route: Pick<Route, "access" | "reads" | "body">): Promise<unknown> {
  const limits = route.access === "public" ? PUBLIC : SIGNED_IN;
  const text = await readText(c, limits);
  if (route.reads === "form") return text === "" ? emptyForm() : parseForm(c, text, limits);
  if (text === "") return route.body ? {} : undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(400, "bad_json", "The body is not valid JSON.");
  }
}

/** Counts the received bytes, because a Content-Length may be missing or false. */
async function readText(c: AppContext, limits: Limits): Promise<string> {
  if (Number(c.req.header("content-length") ?? 0) > limits.bytes) throw tooLarge(limits);
  const stream = c.req.raw.body;
  if (!stream) return "";
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  const pieces: string[] = [];
  let bytes = 0;
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    bytes += piece.value.byteLength;
    if (bytes > limits.bytes) {
      await reader.cancel();
      throw tooLarge(limits);
    }
    pieces.push(decoder.decode(piece.value, { stream: true }));
  }
  pieces.push(decoder.decode());
  return pieces.join("");
}

/** Has no prototype, because a field may have any name. */
function emptyForm(): FormBody {
  return Object.create(null) as FormBody;
}

/** Text fields only. A repeated field becomes a list. No form here uploads files. */
function parseForm(c: AppContext, text: string, limits: Limits): FormBody {
  if (!/^application\/x-www-form-urlencoded\b/i.test(c.req.header("content-type") ?? "")) {
    const message = "Send the form as Content-Type: application/x-www-form-urlencoded, without files.";
    throw new Refusal(415, "not_a_form", message);
  }
  if (hasMoreFields(text, limits.fields))
    throw new Refusal(413, "too_many_fields", `The form has more than ${limits.fields} fields. Send fewer.`);
  const form = emptyForm();
  for (const [name, value] of new URLSearchParams(text)) {
    if (name.length > LONGEST_FIELD_NAME) throw badInput({ body: "The name of a field is too long." });
    const before = form[name];
    if (before === undefined) form[name] = value;
    else if (typeof before === "string") form[name] = [before, value];
    else before.push(value);
  }
  return form;
}

/** Counts fields before parsing, because each field costs far more than its bytes. */
function hasMoreFields(text: string, most: number): boolean {
  let fields = 1;
  for (let at = text.indexOf("&"); at !== -1; at = text.indexOf("&", at + 1)) if (++fields > most) return true;
  return false;
}

function tooLarge({ said }: Limits): Refusal {
  return new Refusal(413, "too_large", `The request is too large. This address accepts at most ${said}.`);
}
