/** The end of a job that never started. */
import type { JobFields } from "../../shared/protocol/fields.ts";
import type { JobFinished } from "../store/job-rows.ts";

export function unstartedEnd(
  fields: JobFields,
  finishedAt: number,
  how: Pick<JobFinished, "status" | "error_code" | "error_message">,
): JobFinished {
  return { ...fields, ...how, exit_code: null, warnings: 0, stats: null, started_at: null, finished_at: finishedAt };
}
