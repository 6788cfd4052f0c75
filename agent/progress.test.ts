import { expect, test } from "bun:test";
import type { BackupStatus } from "../shared/restic/backup.ts";
import { createProgress, type JobProgress } from "./progress.ts";

function progress() {
  const sent: JobProgress[] = [];
  const time = { ms: 0 };
  const one = createProgress({
    jobId: "j",
    everyMs: 1000,
    send: (message) => void sent.push(message),
    now: () => time.ms,
  });
  return { sent, time, one };
}

function status(bytes: number, more: Partial<BackupStatus> = {}): BackupStatus {
  return {
    message_type: "status",
    percent_done: bytes / 10_000,
    total_files: 10,
    files_done: 1,
    total_bytes: 10_000,
    bytes_done: bytes,
    error_count: 0,
    current_files: ["/a"],
    ...more,
  };
}

test("the first goes out at once, then one a second", () => {
  const { sent, time, one } = progress();
  for (let i = 0; i <= 60; i++) {
    time.ms = i * 50;
    one.backup(status(i * 100));
  }
  expect(sent.map((message) => message.bytes_done)).toEqual([0, 1800, 3600, 5400]);
});

test("throughput, files and what is known of the end", () => {
  const { sent, time, one } = progress();
  one.phase("connecting");
  time.ms = 1000;
  one.backup(status(0, { total_files: 0, total_bytes: 0 }));
  time.ms = 2000;
  one.backup(status(5000, { seconds_remaining: 3 }));
  time.ms = 3000;
  one.backup(status(10_000));
  expect(sent.map((message) => message.phase)).toEqual(["connecting", "reading", "reading", "uploading"]);
  expect(sent[0]).toMatchObject({ percent_done: null, total_bytes: null });
  expect(sent[1]).toMatchObject({ percent_done: 0, total_files: null, total_bytes: null, throughput_bps: null });
  expect(sent[2]).toMatchObject({ percent_done: 0.5, eta_seconds: 3, throughput_bps: 5000, current_files: ["/a"] });
});
