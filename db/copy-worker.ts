/** Copies the database while it is in use, in its own thread so that nothing else has to wait. */
import { Database } from "bun:sqlite";

export type CopyOrder = { from: string; to: string };
export type CopyAnswer = { ok: true } | { ok: false; problem: string };

declare const self: Worker;

self.onmessage = ({ data }: MessageEvent<CopyOrder>) => {
  self.postMessage(copy(data));
};

function copy({ from, to }: CopyOrder): CopyAnswer {
  try {
    const database = new Database(from, { readonly: true });
    try {
      database.run("PRAGMA busy_timeout = 5000");
      database.query("VACUUM INTO ?").run(to);
    } finally {
      database.close();
    }
    return { ok: true };
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
}
