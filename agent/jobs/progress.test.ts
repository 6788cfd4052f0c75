/** Job progress: how often it is sent, and what it says. */
import { expect, test } from "bun:test";
import type { BackupStatus } from "../../shared/restic/backup.ts";
import { createProgress, type JobProgress } from "./progress.ts";

function progress() {
  const sent: JobProgress[] = [];
  const time = { ms: 0 };
  let later: { at: number; work: () => void } | null = null;
  const one = createProgress({
    jobId: "j",
    everyMs: 1000,
    send: (message) => void sent.push(message),
    now: () => time.ms,
    after(ms, work) {
      const planned = { at: time.ms + ms, work };
      later = planned;
      return () => {
        if (later === planned) later = null;
      };
    },
  });
  /** Lets time pass, and whatever is due with it. */
  const until = (ms: number) => {
    if (later && later.at <= ms) {
      time.ms = later.at;
      const { work } = later;
      later = null;
      work();
    }
    time.ms = ms;
  };
  return { sent, time, one, until };
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

test("the last of several quick phases is always sent, with how long it has lasted", () => {
  const { sent, one, time, until } = progress();
  one.phase("connecting");
  time.ms = 200;
  one.phase("pre hook");
  time.ms = 300;
  one.phase("waiting for a lock held by web-02");
  until(5000);
  expect(sent.map(({ phase, phase_ms }) => [phase, phase_ms])).toEqual([
    ["connecting", 0],
    ["waiting for a lock held by web-02", 700],
  ]);
  one.phase("waiting for a lock held by web-02");
  expect(sent.at(-1)?.phase_ms).toBe(4700);
});

test("a phase that waits yields to figures, and keeps the last ones when it comes after them", () => {
  const { sent, one, time, until } = progress();
  one.phase("connecting");
  time.ms = 100;
  one.phase("starting restic");
  time.ms = 950;
  one.backup(status(5000));
  until(1500);
  one.phase("post hook");
  until(9000);
  expect(sent.map(({ phase }) => phase)).toEqual(["connecting", "reading", "post hook"]);
  expect(sent[2]).toMatchObject({ bytes_done: 5000, current_files: [], eta_seconds: null, throughput_bps: null });
});
