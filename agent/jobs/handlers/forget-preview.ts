/** What `restic forget` would keep and remove of one source group by its retention policy: a dry run. */
import type { ForgetGroup } from "../../../shared/protocol/to-agent.ts";
import { type ForgetOutput, forgetOutput } from "../../../shared/restic/maintenance.ts";
import { timeOf } from "../../../shared/restic/time.ts";
import { readWhole } from "../../restic/output.ts";
import { type Answer, type Ask, askRestic } from "../../restic/survey.ts";
import { clip } from "../../words.ts";

export type JudgedSnapshot = {
  id: string;
  /** Unix ms; null when restic wrote something else. */
  time: number | null;
  /** Why restic keeps it, in restic's words. */
  reasons: string;
};
export type ForgetPreview = { kept: JudgedSnapshot[]; removed: JudgedSnapshot[] };

export async function askForgetPreview(ask: Ask, group: ForgetGroup): Promise<Answer<ForgetPreview>> {
  const { tag, host, retention } = group;
  return await askRestic(ask, { do: "preview_forget", tag, host, retention }, ({ stdout }) => {
    const parts = readWhole(forgetOutput, stdout.trim() || "[]");
    if (parts === null) return null;
    return {
      kept: parts.flatMap((part) => (part.keep ?? []).map((one) => judged(one, reasonsOf(part, one.id)))),
      removed: parts.flatMap((part) => (part.remove ?? []).map((one) => judged(one, ""))),
    };
  });
}

function judged(one: { id: string; time: string }, reasons: string): JudgedSnapshot {
  return { id: one.id, time: timeOf(one.time), reasons };
}

function reasonsOf(part: NonNullable<ForgetOutput>[number], id: string): string {
  const found = (part.reasons ?? []).find((reason) => reason.snapshot.id === id);
  return clip((found?.matches ?? []).join(", "), 200);
}
