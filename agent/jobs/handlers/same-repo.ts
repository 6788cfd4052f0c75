/** What every job checks before it changes a repository: it is reachable, it opens, and it is the expected one. */
import { askConfig } from "../../restic/survey.ts";
import { approach } from "./approach.ts";
import { cancelled, failed, type HandlerDeps, type JobContext, type Verdict } from "./handler.ts";
import { statusMessage } from "./repo-status.ts";

/** @param expectedId null: none is known yet, any is accepted. @returns null when the job may continue, else how it ends. */
export async function openSameRepo(
  context: JobContext,
  deps: HandlerDeps,
  expectedId: string | null,
): Promise<Verdict | null> {
  const refused = await approach(context, deps);
  if (refused) return refused;
  const found = await askConfig((order) => context.restic(order, { capture: true }));
  if (found.is === "stopped") return cancelled(found.exitCode);
  if (found.is === "failed") return failed(found.code, found.message, { exitCode: found.exitCode });
  if (expectedId === null || expectedId === found.value.resticId) return null;
  const verdict = failed("wrong_repo", otherRepoInWords(found.value.resticId, expectedId));
  // A one-job credential says nothing about the repo as this host opens it.
  if (context.order.credential || verdict.error === null) return verdict;
  const message = statusMessage(context.access.repoId, "failed", verdict.error, deps.clock.now());
  return { ...verdict, messages: [message] };
}

export function otherRepoInWords(found: string, expected: string): string {
  return `There is a different repository at this address: ${found.slice(0, 10)} instead of ${expected.slice(0, 10)}. Check the URL and what is mounted there`;
}
