/** Compares each answer with its route's declaration, in development and tests, and fails loudly. */
import * as v from "valibot";
import { errorAnswer, errorCodesOf, isMedia } from "./answers.ts";
import type { Route } from "./routes.ts";

/** The start of the log line about such a failure. */
export const UNDECLARED = "undeclared answer";

/** An answer that its route did not declare. Names fields but no values, because an answer may contain a password. */
export class UndeclaredAnswer extends Error {}

/** @throws UndeclaredAnswer; the answer is not consumed */
export async function checkAnswer(route: Route, answer: Response): Promise<void> {
  const { answers } = route;
  if (answers === null || answers === "page" || answer.status === 304) return;
  const problem = answer.status >= 400 ? await problemOfError(route, answer) : await problemOfSuccess(route, answer);
  if (problem) throw new UndeclaredAnswer(`${UNDECLARED}: ${route.method} ${route.path} ${answer.status}: ${problem}`);
}

async function problemOfError(route: Route, answer: Response): Promise<string | null> {
  const parsed = v.safeParse(errorAnswer, await jsonOf(answer));
  if (!parsed.success) return `the error has a different form: ${namesOf(parsed.issues)}`;
  const { code } = parsed.output.error;
  const declared = errorCodesOf(route).find(({ status }) => status === answer.status)?.codes ?? [];
  return declared.includes(code) ? null : `the error code ${code} is not declared`;
}

async function problemOfSuccess(route: Route, answer: Response): Promise<string | null> {
  const { answers } = route;
  if (answers === null || typeof answers === "string") return null;
  const declared = answers[answer.status as keyof typeof answers];
  if (declared === undefined) return "the status is not declared";
  if (declared === null) return answer.body === null ? null : "there is a body where none is declared";
  if (isMedia(declared)) {
    const media = answer.headers.get("content-type");
    return media === declared.media ? null : `the media type is ${media} instead of ${declared.media}`;
  }
  const parsed = v.safeParse(declared, await jsonOf(answer));
  return parsed.success ? null : namesOf(parsed.issues);
}

async function jsonOf(answer: Response): Promise<unknown> {
  try {
    return await answer.clone().json();
  } catch {
    return undefined;
  }
}

function namesOf(issues: readonly v.BaseIssue<unknown>[]): string {
  return issues
    .map((issue) => `${v.getDotPath(issue) ?? "the whole answer"} (expected ${issue.expected ?? issue.type})`)
    .join(", ");
}
