/** A Refusal is an error that the other side can understand and fix. It becomes JSON or a page in one place. */

export type RefusalStatus = 400 | 401 | 403 | 404 | 409 | 410 | 413 | 415 | 422 | 429 | 500 | 503;

export class Refusal extends Error {
  constructor(
    readonly status: RefusalStatus,
    /** snake_case and stable, because programs read it. */
    readonly code: string,
    /** One or two plain sentences: what is wrong and what to do. */
    message: string,
    /** Field name → sentence, for all invalid fields. */
    readonly fields: Record<string, string> = {},
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(message);
    this.name = "Refusal";
  }
}

export function notFound(what: string): Refusal {
  return new Refusal(404, "not_found", `There is no such ${what}. It may have been removed.`);
}

export function badInput(fields: Record<string, string>): Refusal {
  const first = Object.values(fields)[0] ?? "The input is not valid.";
  return new Refusal(400, "bad_input", first, fields);
}

export type ErrorBody = { error: { code: string; message: string; fields?: Record<string, string> } };

export function errorBody(refusal: Refusal): ErrorBody {
  const { code, message, fields } = refusal;
  return { error: Object.keys(fields).length > 0 ? { code, message, fields } : { code, message } };
}
