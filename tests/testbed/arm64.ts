// Runs arm64 programs on other CPUs with qemu's user mode.
import { chmod, writeFile } from "node:fs/promises";
import { ensureTools } from "./tools.ts";

/** The words that go before an arm64 program's own command line; empty on an arm64 machine. */
async function arm64Prefix(): Promise<string[]> {
  if (process.arch === "arm64") return [];
  const tools = await ensureTools(["qemu-aarch64", "arm64-sysroot"]);
  return [tools["qemu-aarch64"], "-L", tools["arm64-sysroot"]];
}

/**
 * Writes a script that runs an arm64 program, for programs that start others by their path:
 * the kernel runs the script, the script runs qemu.
 */
export async function writeArm64Wrapper(script: string, program: string): Promise<void> {
  const words = [...(await arm64Prefix()), program].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  await writeFile(script, `#!/bin/sh\nexec ${words.join(" ")} "$@"\n`);
  await chmod(script, 0o755);
}
