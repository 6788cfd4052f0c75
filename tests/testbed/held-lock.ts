// A restic that holds a lock on a repository; killing it leaves the lock stale.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { until } from "./wait.ts";

/** Starts a backup that waits for input. Resolves when its lock stands under its last name: before, nobody takes the file for a lock. */
export async function holdLock(restic: string, repository: string, password: string) {
  const child = Bun.spawn([restic, "--repo", repository, "--no-cache", "backup", "--stdin", "--stdin-filename", "x"], {
    env: { RESTIC_PASSWORD: password },
    stdin: "pipe",
    stdout: "ignore",
    stderr: "ignore",
  });
  const isWhole = () => readdirSync(join(repository, "locks")).some((name) => /^[0-9a-f]{64}$/.test(name));
  await until(isWhole, { timeoutMs: 20_000, what: "a lock" });
  return {
    pid: child.pid,
    /** SIGKILL: the lock stays. */
    kill: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}
