// The native stub that Windows uses to start the agent, under wine's service manager.
import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { mustRun } from "../testbed/command.ts";
import { createCleanup } from "../testbed/temp.ts";
import { prefixEnvironment, toolOrNull } from "../testbed/tools.ts";
import { openWine, wineObstacle } from "../testbed/wine.ts";

const cleanup = createCleanup();
afterAll(cleanup.run);

const compiler = wineObstacle() ? null : await toolOrNull("mingw");
const obstacle = wineObstacle() ?? ((await toolOrNull("wine-root")) && compiler ? null : "wine or mingw cannot be had");
if (obstacle) console.warn(`skipped: ${obstacle}`);

const SERVICE = join(import.meta.dir, "../../agent/service/windows/service-stub.c");
const FLAGS = ["-Wall", "-Wextra", "-Werror", "-Os", "-s", "-static"];
const HARDENED = ["-municode", "-Wl,--dynamicbase,--nxcompat,--no-insert-timestamp"];

async function compile(source: string, target: string, flags: string[]): Promise<void> {
  const env = prefixEnvironment(compiler!.split("/usr/bin/")[0]!);
  await mustRun([compiler!, ...FLAGS, ...flags, "-o", target, source], { env });
}

/** Waits, inside wine, for a shell condition; at most 10 s. */
const WAIT =
  'wait_for() { n=0; until eval "$1"; do n=$((n + 1)); [ $n -lt 1200 ] || { echo "waited in vain: $1"; exit 9; }; sleep 0.05; done; }';

describe.skipIf(obstacle !== null)("the Windows service stub", () => {
  test("compiles to the same bytes twice, without a warning", async () => {
    const folder = await cleanup.tempFolder();
    for (const name of ["a.exe", "b.exe"]) await compile(SERVICE, join(folder, name), HARDENED);
    const [a, b] = await Promise.all(["a.exe", "b.exe"].map((name) => Bun.file(join(folder, name)).bytes()));
    expect(Bun.SHA256.hash(a!, "hex")).toBe(Bun.SHA256.hash(b!, "hex"));
    expect(a!.length).toBeLessThan(60_000);
  }, 60_000);

  test("starts the agent with its arguments intact, again after a crash and a replacement, and stops it gently", async () => {
    await using wine = await openWine();
    await compile(SERVICE, join(wine.folder, "stub.exe"), HARDENED);
    await compile(join(import.meta.dir, "stub-child.c"), join(wine.folder, "agent.exe"), []);
    const line = String.raw`"Z:\work\stub.exe" rm-test 5000 "Z:\work\agent.exe" run "two words" "a\"b" "end\\"`;
    const { code, stdout } = await wine.shell(
      [
        WAIT,
        "count() { [ -f starts ] && [ $(wc -l <starts) -ge $1 ]; }",
        `wine64 sc create rm-test binPath= '${line}' start= demand`,
        "wine64 net start rm-test",
        "wait_for 'count 1'",
        "wine64 sc query rm-test",
        "touch replace; wait_for 'count 2'",
        "touch crash; wait_for 'count 3'",
        "wine64 net stop rm-test",
        "wait_for '[ -f stopped ]'",
        "wine64 sc query rm-test",
        "cat starts",
        "wine64 sc delete rm-test",
      ].join("\n"),
    );
    expect(stdout).toMatch(/STATE.*RUNNING[\s\S]*STATE.*STOPPED/);
    const start = String.raw`[run][two words][a"b][end\]`;
    expect(
      stdout
        .split("\n")
        .filter((said) => said.startsWith("[run]"))
        .map((said) => said.trim()),
    ).toEqual([start, start, start]);
    expect(code).toBe(0);
  }, 90_000);

  test("says how it is used when it is started by hand", async () => {
    await using wine = await openWine();
    await compile(SERVICE, join(wine.folder, "stub.exe"), HARDENED);
    const { code, stderr } = await wine.run(["stub.exe", "one"]);
    expect(code).toBe(2);
    expect(stderr).toContain("usage:");
  }, 60_000);
});
