/** The first step of every job: is the repo's server reachable, and does it accept our credential? */
import { cancelled, failed, type HandlerDeps, type JobContext, type Verdict } from "./handler.ts";

/** What a REST server's 401 means. */
export const UNAUTHORISED = {
  code: "unauthorised",
  message: "The repo server rejected the username or password: add the user there (htpasswd) or correct the credential",
} as const;

/** @returns null when restic may start, else how the job ends. */
export async function approach(context: JobContext, deps: HandlerDeps): Promise<Verdict | null> {
  context.progress.phase("connecting");
  const startedAt = performance.now();
  const found = await deps.reach(context.access, context.signal);
  if (context.signal.aborted) return cancelled();
  if (!found.reached) {
    context.log.stderr(`Could not reach the repo server: ${found.problem}`);
    return failed(
      "repo_unreachable",
      "The repo server does not answer: check that it is running and that this host can reach it",
    );
  }
  if (found.httpStatus === 401) {
    context.log.stderr("The repo server answered 401 Unauthorized");
    return failed(UNAUTHORISED.code, UNAUTHORISED.message);
  }
  if (found.httpStatus !== null) {
    context.log.event(`The repo server answered in ${Math.round(performance.now() - startedAt)} ms`);
  }
  return null;
}
