// A wall clock that a test can set for real processes, by libfaketime, which reads it every time. Timers run in real time.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureTool } from "./tools.ts";

export type FakeClock = {
  /** For the environment of a process that is to live by this clock. */
  env: Record<string, string>;
  /** Moves it, forwards or back; it goes on from there. @param time Unix ms */
  set(time: number): void;
  now(): number;
};

/** @param folder of the test's own. @param start Unix ms */
export async function createFakeClock(folder: string, start: number): Promise<FakeClock> {
  const library = await ensureTool("libfaketime");
  const file = join(folder, "faketime");
  let offsetMs = 0;
  const set = (time: number) => {
    offsetMs = Math.round((time - Date.now()) / 1000) * 1000;
    writeFileSync(file, `${offsetMs < 0 ? "" : "+"}${offsetMs / 1000}\n`);
  };
  set(start);
  return {
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      TZ: "UTC",
    },
    set,
    now: () => Date.now() + offsetMs,
  };
}
