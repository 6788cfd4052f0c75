/** check: is the repository whole? Reads what describes the data, and a part of the data itself when one is asked for. */

import { checkError, checkSummary } from "../../shared/restic/maintenance.ts";
import { adviceFor } from "../restic/check-advice.ts";
import { readWhole } from "../restic/output.ts";
import { clip, countOf } from "../words.ts";
import { failed, type Handler, succeeded, verdictOfEnd } from "./handler.ts";
import { rateLimits } from "./rate-limits.ts";
import { openSameRepo } from "./same-repo.ts";

const MAX_FINDINGS = 100;
const MAX_PACKS = 100;
/** What restic prints around the findings: where its manual stands, which commands to type. */
const ADVICE = /^\s*(The repository |restic repair|Damaged pack files|This can be done)/;

export const check: Handler = async (context, deps) => {
  if (context.order.kind !== "check") throw new Error("not a check");
  const { restic_id, subset } = context.order.args;
  const refused = await openSameRepo(context, deps, restic_id);
  if (refused) return refused;
  context.log.event(
    subset === null
      ? "What describes the data is checked; the data itself is not read"
      : `Part ${subset.part} of ${subset.parts} of the data is read too`,
  );
  context.progress.phase(subset === null ? "checking" : "reading data");
  const findings: string[] = [];
  const result = await context.restic(
    { do: "check", subset, ...rateLimits(deps, null) },
    {
      capture: true,
      onLine(line) {
        if (!("text" in line)) return;
        const found = readWhole(checkError, line.text)?.message ?? line.text;
        const words = found.trim();
        if (words === "") return;
        context.log.stderr(words);
        if (!ADVICE.test(words)) findings.push(clip(words, 500));
      },
    },
  );
  const summary = readWhole(checkSummary, result.stdout.trim());
  const stats = {
    errors: summary?.num_errors ?? null,
    read_part: subset?.part ?? null,
    read_parts: subset?.parts ?? null,
    suggest_prune: summary?.suggest_prune ?? false,
    broken_packs: (summary?.broken_packs ?? []).slice(0, MAX_PACKS),
    findings: findings.slice(0, MAX_FINDINGS),
  };
  const failure = verdictOfEnd(result);
  if (failure === null) {
    if (summary?.suggest_prune) context.log.event("Some data is not used by any snapshot: the next prune removes it");
    return succeeded({ stats });
  }
  const isDamaged = failure.error?.code === "restic_failed" && summary !== null && summary.num_errors > 0;
  if (!isDamaged) return failure;
  const message = `${countOf(summary.num_errors, "error")} found. ${adviceFor(summary, findings)}`;
  return failed("restic_failed", message, { exitCode: result.exitCode, stats });
};
