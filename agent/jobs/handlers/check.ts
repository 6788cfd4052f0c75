/** check: verifies the repository's structure, and a part of its data when asked to. */

import { checkError, checkSummary } from "../../../shared/restic/maintenance.ts";
import { damageAdvice, UNKNOWN_DAMAGE } from "../../restic/damage.ts";
import { isOutsideTrouble, judge } from "../../restic/exit.ts";
import { readWhole, withoutStack } from "../../restic/output.ts";
import { clip, countOf } from "../../words.ts";
import { failed, type Handler, succeeded, type Verdict, verdictOfEnd } from "./handler.ts";
import { rateLimits } from "./rate-limits.ts";
import { openSameRepo } from "./same-repo.ts";

const MAX_FINDINGS = 100;
const MAX_PACKS = 100;
/** Lines that restic prints around the findings: links to its manual and commands to run. */
const ADVICE = /^\s*(The repository |restic repair|Damaged pack files|This can be done)/;

export const check: Handler = async (context, deps) => {
  if (context.order.kind !== "check") throw new Error("not a check");
  const { restic_id, subset } = context.order.args;
  const refused = await openSameRepo(context, deps, restic_id);
  if (refused) return refused;
  context.log.event(
    subset === null
      ? "Checking the repository's structure, without reading its data"
      : `Checking the repository's structure, and reading part ${subset.part} of ${subset.parts} of its data`,
  );
  context.progress.phase(subset === null ? "checking" : "reading data");
  const findings: string[] = [];
  const outside: string[] = [];
  const result = await context.restic(
    { do: "check", subset, ...rateLimits(deps, null) },
    {
      capture: true,
      onLine(line) {
        if (!("text" in line)) return;
        const finding = readWhole(checkError, line.text)?.message;
        const words = withoutStack(finding ?? line.text);
        if (words === "") return;
        context.log.stderr(words);
        if (finding === undefined || ADVICE.test(words)) return;
        if (isOutsideTrouble(words)) outside.push(words);
        else findings.push(clip(words, 500));
      },
    },
  );
  const summary = readWhole(checkSummary, result.stdout.trim());
  const failure = verdictOfEnd(result);
  // restic counts its own failures (a lock, a lost connection) as errors too; only data that was read and found bad is damage.
  const isDamaged = failure !== null && findings.length > 0 && summary !== null && summary.num_errors > 0;
  const stats = {
    errors: failure === null || isDamaged ? (summary?.num_errors ?? null) : null,
    read_part: subset?.part ?? null,
    read_parts: subset?.parts ?? null,
    suggest_prune: summary?.suggest_prune ?? false,
    broken_packs: (summary?.broken_packs ?? []).slice(0, MAX_PACKS),
    findings: findings.slice(0, MAX_FINDINGS),
  };
  if (failure === null) {
    if (summary?.suggest_prune)
      context.log.event("Some data is no longer used by any snapshot: the next prune removes it");
    return succeeded({ stats });
  }
  if (!isDamaged || failure.end === "cancelled") return interrupted(failure, outside, result.exitCode);
  const advice = damageAdvice(findings.join("\n"), summary) ?? UNKNOWN_DAMAGE;
  const message = `${countOf(summary.num_errors, "error")} found. ${advice}`;
  return failed("repo_damaged", message, { exitCode: result.exitCode, stats });
};

/** restic's last line only says that there are errors; the lines before say which. */
function interrupted(failure: Verdict, outside: readonly string[], code: number | null): Verdict {
  if (failure.error?.code !== "restic_failed" || outside.length === 0) return failure;
  const judgement = judge({ order: "check", code, stoppedByUs: false, stderr: [...outside] });
  return judgement.is === "failed" ? { ...failure, error: judgement } : failure;
}
