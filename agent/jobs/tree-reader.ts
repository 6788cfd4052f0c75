/** Lists directories of snapshots at once, beside a running backup, a few at a time. */

import type { ToAgentPayload } from "../../shared/protocol/to-agent.ts";
import type { Redactor } from "../../shared/redact.ts";
import { accessOf, type RepoAccess, redactCredential } from "../restic/access.ts";
import type { Restic } from "../restic/restic.ts";
import { listTree, problem, type TreePage } from "../restic/tree.ts";
import type { DesiredStateHolder } from "../state/desired-state.ts";

type Options = { state: DesiredStateHolder; restic: Restic; redactor: Redactor; timeoutMs: number };

/** Each listing costs restic's memory for the index. */
const MOST_AT_ONCE = 4;

export function createTreeReader({ state, restic, redactor, timeoutMs }: Options) {
  let running = 0;

  return async (request: ToAgentPayload<"tree.list">): Promise<TreePage> => {
    const access = accessFor(request);
    if (access === null) return problem("no_credentials", "This host has no usable credential for this repo");
    if (running >= MOST_AT_ONCE)
      return problem("internal", "This host is listing other folders: try again in a moment");
    running += 1;
    try {
      const { snapshot_id, path, offset, limit } = request;
      const asked = { snapshotId: snapshot_id, path, offset, limit };
      const page = await listTree(restic, access, asked, AbortSignal.timeout(timeoutMs));
      return page.error ? problem(page.error.code, redactor.redact(page.error.message)) : page;
    } catch (error) {
      return problem("internal", redactor.redact(String(error)));
    } finally {
      running -= 1;
    }
  };

  function accessFor(request: ToAgentPayload<"tree.list">): RepoAccess | null {
    if (request.credential) {
      redactCredential(redactor, request.credential);
      return state.refusal(request.credential) === null ? accessOf(request.repo_id, "", request.credential) : null;
    }
    const found = state.findRepo(request.repo_id);
    return found.found === "ok" ? found.access : null;
  }
}
