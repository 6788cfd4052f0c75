/** Streams a job's whole log as a file, in pieces so that ten million lines do not fill the memory. */
import type { Db } from "../../db/open.ts";
import { listLogLines } from "../../db/queries/job-logs.ts";
import type { JobRow } from "../../db/schema/jobs.ts";
import { escapeControls, safeJson } from "../../shared/log.ts";
import type { LogLine } from "../../shared/protocol/fields.ts";

const LINES_A_PIECE = 2000;
export const LOG_MEDIA = { txt: "text/plain; charset=utf-8", ndjson: "application/x-ndjson" } as const;

export function downloadLog(db: Db, job: Pick<JobRow, "id" | "kind">, form: "txt" | "ndjson"): Response {
  const write = form === "txt" ? asText : asNdjson;
  let cursor = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const lines = listLogLines(db, job.id, cursor, LINES_A_PIECE);
      const last = lines.at(-1);
      if (!last) {
        controller.close();
        return;
      }
      cursor = last.seq;
      controller.enqueue(new TextEncoder().encode(lines.map(write).join("")));
    },
  });
  const name = `${job.kind}-${job.id}.${form === "txt" ? "log.txt" : "ndjson"}`;
  return new Response(body, {
    headers: { "Content-Type": LOG_MEDIA[form], "Content-Disposition": `attachment; filename="${name}"` },
  });
}

/**
 * Control characters are escaped, so that a file name cannot control the reader's terminal. Continuation lines of an
 * entry are indented behind a bar, so that none can pass for an entry of its own.
 */
function asText({ ts, stream, payload }: LogLine): string {
  const head = `${new Date(ts).toISOString()} ${stream.padEnd(6)} `;
  const [first = "", ...more] = payload.trimEnd().split(/\r?\n/);
  const further = more.map((line) => `${" ".repeat(head.length)}| ${escapeControls(line)}\n`);
  return `${head}${escapeControls(first)}\n${further.join("")}`;
}

function asNdjson(line: LogLine): string {
  return `${safeJson({ ...line, ts: new Date(line.ts).toISOString() })}\n`;
}
