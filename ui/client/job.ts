// The job page's script: streams progress and log over a WebSocket and re-fetches the page when the job's status changes.
import type { LogLine } from "../../shared/protocol/fields.ts";
import type { ToServerPayload } from "../../shared/protocol/to-server.ts";
import { startLog } from "./job-log.ts";
import { startProgress } from "./job-progress.ts";
import { openStream } from "./job-stream.ts";
import { clockOffset } from "./times.ts";

type Frame =
  | { type: "log.stream"; payload: { lines: LogLine[] } }
  | { type: "job.progress"; payload: ToServerPayload<"job.progress"> }
  | { type: "job.started" | "job.finished"; payload: unknown };

/** Re-fetches everything around the log and the progress, which keep their content. */
function refreshWords(): void {
  void window.htmx.ajax("GET", location.pathname, { target: "#main", swap: "outerMorph" });
}

const section = document.querySelector<HTMLElement>("#log");
if (section) {
  const id = section.dataset.job ?? "";
  const log = startLog(section, id);
  const progress = startProgress(clockOffset());
  const ended = "ended" in section.dataset;
  if (!ended)
    openStream({
      url: `/api/jobs/${id}/stream`,
      lastSeq: () => log.lastSeq(),
      hear: (frame) => {
        const { type, payload } = frame as Frame;
        if (type === "log.stream") log.add(payload.lines);
        else if (type === "job.progress") progress.show(payload);
        else refreshWords();
        return type === "job.finished";
      },
    });
}
