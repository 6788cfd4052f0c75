// Progress in words: no total, no claim.
import { expect, test } from "bun:test";
import { type Progress, progressTexts, shareInWords } from "./progress-words.ts";

const progress: Progress = {
  job_id: "",
  percent_done: 0.414,
  files_done: 31_847,
  total_files: 76_931,
  bytes_done: 2 ** 30,
  total_bytes: 4 * 2 ** 30,
  eta_seconds: 4020,
  throughput_bps: 2 ** 20,
  current_files: ["/a", "/b"],
  phase: "backup",
};

test("the share and the time left", () => {
  expect(shareInWords(progress)).toBe(": 41 %, about 1 h left");
  expect(shareInWords({ percent_done: 0.5, eta_seconds: null })).toBe(": 50 %");
  expect(shareInWords({ percent_done: null, eta_seconds: 60 })).toBe("");
  expect(shareInWords(null)).toBe("");
});

test("the parts of the page", () => {
  expect(progressTexts(progress, 1000, 66_000)).toEqual({
    files: "31,847",
    "files-total": "of 76,931",
    bytes: "1 GiB",
    "bytes-total": "of 4 GiB",
    rate: "1 MiB/s",
    elapsed: "1 min 05 s",
    left: "1 h 7 min",
    current: "/a",
  });
  const unknown = { ...progress, total_files: null, total_bytes: null, throughput_bps: null, current_files: [] };
  expect(progressTexts(unknown, null, 0)).toMatchObject({
    "files-total": "",
    rate: "–",
    elapsed: "–",
    current: "backup",
  });
});

test("without a file the phase is told, with how long it lasts", () => {
  const waiting = { ...progress, current_files: [], phase: "pre hook", phase_ms: 2000 };
  expect(progressTexts(waiting, 1000, 66_000, 56_000).current).toBe("pre hook, 12 s");
  expect(progressTexts({ ...waiting, phase_ms: undefined }, 1000, 66_000, 56_000).current).toBe("pre hook");
  expect(progressTexts({ ...waiting, phase: "" }, 1000, 66_000, 56_000).current).toBe("");
});
