// The progress of a running job. The browser script updates the elements marked `data-progress`.
import type { JobRow } from "../../db/schema/jobs.ts";
import { noProgress } from "../../shared/protocol/to-server.ts";
import type { View } from "../view.ts";
import { type Progress, progressTexts } from "./progress-words.ts";

export function JobProgress({ job, progress, view }: { job: JobRow; progress: Progress | null; view: View }) {
  const known = progress ?? noProgress(job.id);
  const texts = progressTexts(known, job.startedAt, view.now);
  const percent = known.percent_done === null ? null : Math.round(known.percent_done * 1000) / 10;
  return (
    <section class="run" id="progress" aria-label="Progress" data-started={job.startedAt} hx-morph-skip="">
      <progress
        class="progress"
        max={100}
        value={percent ?? undefined}
        aria-label="Progress"
        hidden={percent === null}
        data-progress="bar"
      />
      <dl class="facts run-facts">
        <div>
          <dt>Files</dt>
          <dd>
            <b data-progress="files">{texts.files}</b>{" "}
            <span class="t3" data-progress="files-total">
              {texts["files-total"]}
            </span>
          </dd>
        </div>
        <div>
          <dt>Data</dt>
          <dd>
            <b data-progress="bytes">{texts.bytes}</b>{" "}
            <span class="t3" data-progress="bytes-total">
              {texts["bytes-total"]}
            </span>
          </dd>
        </div>
        <div>
          <dt>Throughput</dt>
          <dd class="rate">
            <b data-progress="rate">{texts.rate}</b>
            <svg class="spark" viewBox="0 0 56 18" aria-hidden="true">
              <path data-progress="rate-line" />
            </svg>
          </dd>
        </div>
        <div>
          <dt>Elapsed</dt>
          <dd>
            <b data-progress="elapsed">{texts.elapsed}</b>
          </dd>
        </div>
        <div>
          <dt>Time left</dt>
          <dd>
            <b data-progress="left">{texts.left}</b>
          </dd>
        </div>
      </dl>
      <p class="current" hidden={texts.current === ""}>
        <span class="meta">Current</span>
        <code data-progress="current">{texts.current}</code>
      </p>
    </section>
  );
}
