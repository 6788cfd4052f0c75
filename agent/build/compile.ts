// Compiles the agent into one executable for a platform: the same input gives the same bytes.
import { chmod, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Platform } from "./platforms.ts";

export type CompileInput = {
  platform: Platform;
  /** Bun's runtime for the platform. */
  runtime: string;
  repository: string;
  /** The program's entry file, relative to the repository. */
  entry: string;
  /** What the program says that it is. */
  version: string;
  /** Where the executable goes. */
  target: string;
};

/** Writes the executable to `target`. @throws with what the compiler said. */
export async function compileAgent({
  platform,
  runtime,
  repository,
  entry,
  version,
  target,
}: CompileInput): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const folder = await mkdtemp(join(dirname(target), ".draft-"));
  const draft = join(folder, platform.name);
  const child = Bun.spawn(
    [
      process.execPath,
      "build",
      ...flags(platform),
      `--define=RM_BUILD_VERSION=${JSON.stringify(version)}`,
      `--compile-executable-path=${runtime}`,
      `--outfile=${draft}`,
      entry,
    ],
    { cwd: repository, stdin: "ignore", stdout: "pipe", stderr: "pipe" },
  );
  const [said, complained, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code === 0) await rename(draft, target);
  await rm(folder, { recursive: true, force: true });
  if (code !== 0) throw new Error(`${platform.id} could not be compiled:\n${said}${complained}`);
  await chmod(target, 0o755);
}

/**
 * Bytecode starts the agent in 20 ms instead of 50; Windows does without, for a download under 45 MB.
 * `--format=esm` allows top-level await beside it. The JIT policy keeps the idle agent under 50 MB; it waits far
 * more than it computes. `--no-orphans` ends restic when the agent dies. Nothing is read from the working directory.
 */
function flags(platform: Platform): string[] {
  return [
    ...["--compile", "--minify", "--format=esm", `--target=${platform.target}`],
    ...(platform.os === "windows" ? [] : ["--bytecode"]),
    ...["--compile-jit-policy=1000000000", "--compile-exec-argv=--no-orphans"],
    ...["--no-compile-autoload-dotenv", "--no-compile-autoload-bunfig"],
  ];
}
