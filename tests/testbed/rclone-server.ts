// `rclone serve restic`: a second server that speaks restic's REST protocol.
import { mkdir } from "node:fs/promises";
import { collect } from "./output.ts";
import type { Cleanup } from "./temp.ts";
import { ensureTool } from "./tools.ts";
import { until } from "./wait.ts";

export type RcloneServer = { url(path: string): string };

/** Serves a folder; resolves once it listens. @throws with what it said when it does not */
export async function startRcloneServer(
  cleanup: Cleanup,
  { root, user, password, appendOnly }: { root: string; user: string; password: string; appendOnly: boolean },
): Promise<RcloneServer> {
  const rclone = await ensureTool("rclone");
  await mkdir(root, { recursive: true });
  const home = await cleanup.tempFolder();
  const child = Bun.spawn(
    [
      ...[rclone, "serve", "restic", "--addr", "127.0.0.1:0", "--user", user, "--pass", password],
      ...(appendOnly ? ["--append-only"] : []),
      ...["-v", root],
    ],
    { env: { PATH: "/usr/bin:/bin", HOME: home }, stdin: "ignore", stdout: "ignore", stderr: "pipe" },
  );
  const { said } = collect(child.stderr);
  cleanup.add(async () => {
    child.kill("SIGTERM");
    await child.exited;
  });
  const port = await until(() => /http:\/\/127\.0\.0\.1:(\d+)/.exec(said())?.[1], {
    what: `rclone to listen (${said()})`,
  });
  return { url: (path) => `rest:http://127.0.0.1:${port}/${path}/` };
}
