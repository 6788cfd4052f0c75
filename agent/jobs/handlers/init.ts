/** init: creates the repository unless it exists, then probes it. */
import { askConfig } from "../../restic/survey.ts";
import { approach } from "./approach.ts";
import { cancelled, failed, type Handler, verdictOfEnd } from "./handler.ts";
import { examineRepo } from "./probe.ts";
import { statusMessage } from "./repo-status.ts";

export const init: Handler = async (context, deps) => {
  const refused = await approach(context, deps);
  const verdict = refused ?? (await makeUnlessThere());
  if (verdict === null) return await examineRepo(context, deps, null);
  if (verdict.error === null) return verdict;
  return { ...verdict, messages: [statusMessage(context.access.repoId, "failed", verdict.error, deps.clock.now())] };

  async function makeUnlessThere() {
    const found = await askConfig((order) => context.restic(order, { capture: true }));
    if (found.is === "stopped") return cancelled(found.exitCode);
    if (found.is === "ok") {
      context.log.event("A repository already exists here and is used as it is");
      return null;
    }
    if (found.code !== "repo_missing") return failed(found.code, found.message, { exitCode: found.exitCode });
    context.progress.phase("creating the repository");
    const made = await context.restic({ do: "init" }, { capture: true });
    if (made.judgement.is === "ok") context.log.event("Repository created");
    return verdictOfEnd(made);
  }
};
