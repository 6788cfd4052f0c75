import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UNIT_VERSION } from "../shared/unit.ts";
import { type CommandResult, runCommand } from "../tests/testbed/command.ts";
import { ensureTool, toolOrNull } from "../tests/testbed/tools.ts";

const SCRIPT = join(import.meta.dir, "install.sh");
const UNIT = join(import.meta.dir, "restic-manager-agent.service");

/** Serves the parts that the installer fetches even in a dry run. */
const site = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  routes: {
    "/install/existing-backups.sh": () => new Response(Bun.file(join(import.meta.dir, "existing-backups.sh"))),
  },
});
const SERVER = site.url.origin;
afterAll(() => site.stop(true));

const isRoot = process.getuid?.() === 0;
const hasSystemd = Bun.which("systemd-analyze") !== null;
if (!isRoot) console.warn("skipped: the installer's dry run pretends to be on a systemd machine, which needs root");

/** Runs the script in a mount namespace where systemd seems to run; nothing that it mounts is seen outside. */
function dryRun(shell: string, args: string, env: Record<string, string> = {}): Promise<CommandResult> {
  const stage = "mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system";
  return runCommand(["unshare", "--mount", "sh", "-c", `${stage} && exec ${shell} ${SCRIPT} --dry-run ${args}`], {
    env,
  });
}

const plainRun = (args: string[]) => runCommand(["sh", SCRIPT, ...args]);

describe("install.sh", () => {
  test("is clean for shellcheck", async () => {
    const shellcheck = await toolOrNull("shellcheck");
    if (!shellcheck) return;
    const scripts = [SCRIPT, join(import.meta.dir, "existing-backups.sh")];
    expect(await runCommand([shellcheck, ...scripts])).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test.skipIf(!isRoot)("says in a dry run what it would do, in any POSIX shell", async () => {
    const busybox = await ensureTool("busybox");
    const runs = [];
    for (const shell of ["dash", "bash --posix", `${busybox} sh`]) runs.push(await dryRun(shell, `--server ${SERVER}`));
    const [first] = runs;
    expect(first).toMatchObject({ code: 0, stderr: "" });
    for (const run of runs) expect(run).toEqual(first!);
    for (const step of [
      `would download ${SERVER}/agent/binary?os=linux&arch=`,
      "would write /etc/systemd/system/restic-manager-agent.service",
      `would run: restic-manager-agent enroll --server ${SERVER}\n`,
      "would run: systemctl enable",
      "nothing was changed",
    ]) {
      expect(first!.stdout).toContain(step);
    }
    expect(existsSync("/var/lib/restic-manager/bin")).toBe(false);
  });

  test.skipIf(!isRoot)("hands trust to the agent, never the token, and uses no colour when piped", async () => {
    const { stdout } = await dryRun("sh", `--server ${SERVER}/ --pin sha256//abc= --ca ${UNIT} --hardened`, {
      RM_TOKEN: "marker-of-the-token",
    });
    expect(stdout).toContain(`enroll --server ${SERVER} --pin sha256//abc= --ca ${UNIT}\n`);
    expect(stdout).toContain("Hooks, in-place restores, local repositories and programs from the server are forbidden");
    expect(stdout).toContain("does not download restic from its server");
    expect(stdout).not.toContain("downloads its server's copy");
    expect(stdout).not.toContain("marker-of-the-token");
    expect(stdout).not.toContain("\u001b");
  });

  test("refuses what it does not understand, with usage and exit code 2", async () => {
    for (const args of [["--nonsense"], ["--server"], ["--pin", ""]]) {
      const { code, stderr } = await plainRun(args);
      expect(code).toBe(2);
      expect(stderr).toContain("usage: install.sh");
    }
    expect(await plainRun(["--help"])).toMatchObject({ code: 0, stderr: "" });
  });

  test("refuses a missing, broken or unencrypted server address before anything else", async () => {
    const said = async (...args: string[]) => (await plainRun(["--dry-run", ...args])).stderr;
    expect(await said()).toContain("No server given");
    expect(await said("--server", "backup.example.net")).toContain("Not a valid server address");
    expect(await said("--server", "http://backup.example.net")).toContain("not encrypted");
    expect(await said("--server", "http://backup.example.net", "--insecure")).not.toContain("not encrypted");
    expect(await said("--server", SERVER, "--ca", "/absent/ca.pem")).toContain("/absent/ca.pem cannot be read");
  });

  test("a copy that was cut off on its way does nothing", async () => {
    const whole = await Bun.file(SCRIPT).text();
    for (const part of [0.3, 0.6, 0.9, 0.999]) {
      const cut = whole.slice(0, Math.floor(whole.length * part));
      const { stdout } = await runCommand(["sh", "-s", "--", "--help"], { input: cut });
      expect(stdout).toBe("");
    }
  });
});

describe.skipIf(!hasSystemd)("the systemd unit", () => {
  test("is understood by systemd", async () => {
    const { stderr } = await runCommand(["systemd-analyze", "verify", UNIT]);
    const problems = stderr.split("\n").filter((line) => line !== "" && !line.includes("is not executable"));
    expect(problems).toEqual([]);
  });

  const settings = readFileSync(UNIT, "utf8")
    .split("\n")
    .flatMap((line) => (/^\w+=/.test(line) ? [line] : []));

  test("names its version, which is the newest that agent and server know", () => {
    expect(settings).toContain(`Environment=RM_UNIT_VERSION=${UNIT_VERSION}`);
  });

  test("has what restores and updates need", () => {
    const capabilities = settings.find((line) => line.startsWith("CapabilityBoundingSet=")) ?? "";
    for (const name of ["CAP_FSETID", "CAP_MKNOD"]) expect(capabilities.split(/[= ]/)).toContain(name);
    expect(settings).toContain("OOMPolicy=continue");
    expect(settings.filter((line) => line.startsWith("ExecStartPre=-"))).toHaveLength(2);
    const writable = settings.find((line) => line.startsWith("ReadWritePaths=")) ?? "";
    expect(writable.split(/[= ]/)).toContain("-/root/rm-restore");
  });

  test("exposes no more than 4.0", async () => {
    const result = await runCommand(["systemd-analyze", "security", "--offline=true", "--threshold=40", UNIT]);
    expect(result.code).toBe(0);
  });
});
