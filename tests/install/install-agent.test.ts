// The whole installation in a booted system: one command, and the machine is backed up under the unit's sandbox.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UNIT_VERSION } from "../../shared/unit.ts";
import { bootContainer, type Container, containerObstacle } from "../testbed/container.ts";
import { type AddedHost, type ControlPlane, startControlPlane } from "../testbed/control-plane.ts";
import { createCleanup } from "../testbed/temp.ts";
import { ensureTool } from "../testbed/tools.ts";
import { until } from "../testbed/wait.ts";

const obstacle = containerObstacle();
if (obstacle) console.warn(`skipped: ${obstacle}`);

/** Stands in for what an update leaves: tries out, inside the sandbox, what restores and updates need. */
const GUARD = `set -eu
out=/var/lib/restic-manager/guard
case $1 in
  before)
    mkdir -p $out
    cd $out
    : > shared
    chgrp 1 shared
    chmod 2755 shared
    mknod disk b 7 0
    mknod terminal c 4 64
    : > /root/rm-restore/written
    if : > /etc/written; then echo "the sandbox is open" >&2; fi
    ;;
  after)
    sleep 600 &
    echo $! > $out/watcher
    echo "$MAINPID" > $out/main-pid
    ;;
esac
exit 9
`;
const SECRET = "only root may read this\n";
const cleanup = createCleanup();
let plane: ControlPlane;
let container: Container;
let host: AddedHost;

beforeAll(async () => {
  if (obstacle) return;
  plane = await startControlPlane(cleanup);
  container = await bootContainer();
  cleanup.add(container.stop);
  host = await plane.addHost({ name: "box1", includes: ["/etc", "/root/private"] });
  await mkdir(inside("/root/private"));
  await writeFile(inside("/root/private/note"), SECRET);
  await chmod(inside("/root/private/note"), 0o600);
  await container.copyIn(await ensureTool("restic-0.14"), "/usr/bin/restic");
  await writeFile(inside("/etc/cron.d/old-backup"), "15 2 * * * root restic backup /etc\n");
}, 600_000);
afterAll(cleanup.run, 60_000);

const inside = (path: string) => join(container.root, path);
const install = (args = "", env: Record<string, string> = {}) =>
  container.exec(`curl -fsSL ${plane.server.url}/install.sh | sh -s -- ${args}`, { env, timeoutMs: 120_000 });

describe.skipIf(obstacle !== null)("one command on a new machine", () => {
  test("installs, enrols and connects the agent, and names the old cron entry", async () => {
    const { code, stdout, stderr } = await install("", { RM_TOKEN: host.token });
    expect(stderr).toBe("");
    expect(stdout).toContain("Connected.");
    expect(stdout).toContain("restic 0.14.0 is not supported");
    expect(stdout).toContain("sudo sed -i '1s/^/# /' /etc/cron.d/old-backup");
    expect(code).toBe(0);
    const isInSync = async () => (await plane.host("box1"))?.in_sync ?? false;
    await until(isInSync, { what: "the applied settings" });
    expect(await plane.host("box1")).toMatchObject({ os: "linux" });
  }, 150_000);

  test("backs up by itself what only root may read, with the server's restic instead of the old one", async () => {
    const job = await plane.finishedBackup("box1", { timeoutMs: 120_000 });
    expect(job).toMatchObject({ status: "succeeded", warnings: 0 });
    expect(await plane.host("box1")).toMatchObject({ status: "online", protected_24h: true });
    const listed = await host.restic("ls", "latest", "/etc/shadow", "/root/private/note");
    expect(listed.stdout).toContain("/etc/shadow");
    expect(await host.restic("dump", "latest", "/root/private/note")).toMatchObject({ code: 0, stdout: SECRET });
  }, 150_000);

  test("runs under its sandbox, which systemd rates no worse than 4.0", async () => {
    const rating = await container.must("systemd-analyze security --no-pager restic-manager-agent");
    expect(Number(/exposure level[^:]*: ([\d.]+)/.exec(rating)?.[1])).toBeLessThanOrEqual(4.0);
    const pid = (await container.must("systemctl show -P MainPID restic-manager-agent")).trim();
    const status = await container.must(`cat /proc/${pid}/status`);
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    expect(status).toMatch(/^Seccomp:\s+2$/m);
    const write = `nsenter -t ${pid} -m sh -c 'echo x > /etc/marker'`;
    expect((await container.exec(write)).stderr).toContain("Read-only file system");
  }, 30_000);

  test("makes the restore folder, and runs a guard that an update left, with what restores need", async () => {
    const guard = "/var/lib/restic-manager/bin/start-guard";
    await writeFile(inside(guard), GUARD);
    await container.must("rmdir /root/rm-restore && systemctl restart restic-manager-agent");
    const pid = (await container.must("systemctl show -P MainPID restic-manager-agent")).trim();
    const show = "stat -c '%A %n' shared disk terminal; cat main-pid";
    expect((await container.must(`cd /var/lib/restic-manager/guard && ${show}`)).trim().split("\n")).toEqual([
      "-rwxr-sr-x shared",
      "brw------- disk",
      "crw------- terminal",
      pid,
    ]);
    expect(await container.must("stat -c '%a %U' /root/rm-restore")).toBe("700 root\n");
    expect(existsSync(inside("/root/rm-restore/written"))).toBe(true);
    expect(existsSync(inside("/etc/written"))).toBe(false);
    // What the guard leaves running after the start may watch an agent that hangs.
    await container.must("kill $(cat /var/lib/restic-manager/guard/watcher)");
    expect(await container.must("systemctl show -P OOMPolicy restic-manager-agent")).toBe("continue\n");
    await container.must(`rm -r ${guard} /var/lib/restic-manager/guard /root/rm-restore/written`);
    await container.must("systemctl restart restic-manager-agent");
  }, 60_000);

  test("tells when its unit is older than its server's, until the installer has run again", async () => {
    const unit = async () => {
      const { id } = (await plane.host("box1")) as unknown as { id: string };
      return (await plane.client.get<{ unit: { version: number; lacks: string[] } | null }>(`/api/hosts/${id}`)).unit;
    };
    const file = "/etc/systemd/system/restic-manager-agent.service";
    await container.must(`sed -i '/RM_UNIT_VERSION/d; /^OOMPolicy/d; /^ExecStartP/d; /^DeviceAllow/d' ${file}`);
    await container.must("systemctl daemon-reload && systemctl restart restic-manager-agent");
    const old = await until(async () => ((await unit())?.version === 1 ? unit() : null), { what: "the old unit" });
    expect(old?.lacks).toContain("rolls_back");
    const doctor = await container.exec("restic-manager-agent doctor");
    expect(doctor.stdout).toContain("the systemd unit is outdated");
    const command = /identity and settings are kept\): (.*)/.exec(doctor.stdout)?.[1] ?? "";
    const again = await container.exec(command.replace("sudo ", ""), { timeoutMs: 120_000 });
    expect(again.stdout).toContain("Connected.");
    await until(async () => (await unit())?.version === UNIT_VERSION, { what: "the new unit" });
    expect(await unit()).toEqual({ version: UNIT_VERSION, lacks: [] });
  }, 150_000);

  test("says how it is, by status and doctor", async () => {
    const status = JSON.parse(await container.must("restic-manager-agent status --json"));
    expect(status).toMatchObject({ connected: true });
    const doctor = await container.exec("restic-manager-agent doctor");
    expect(doctor.stdout).not.toContain(host.repoPassword);
    expect(doctor.code).toBe(0);
  }, 30_000);

  test("survives a reboot of its service and a second run of the command as repair", async () => {
    await container.must("systemctl kill --signal=SIGKILL restic-manager-agent");
    const again = await install();
    expect(again.code).toBe(0);
    expect(again.stdout).toContain("Already enrolled");
    expect(again.stdout).toContain("Connected.");
    expect(await plane.client.get("/api/hosts")).toMatchObject({ total: 1 });
  }, 90_000);

  test("uninstalls, and the repository is still there to be read", async () => {
    const { code } = await install("--uninstall");
    expect(code).toBe(0);
    for (const path of ["/etc/restic-manager", "/var/lib/restic-manager", "/var/cache/restic-manager"]) {
      expect(existsSync(inside(path))).toBe(false);
    }
    expect((await container.exec("systemctl cat restic-manager-agent")).code).not.toBe(0);
    expect(await host.restic("dump", "latest", "/root/private/note")).toMatchObject({ code: 0, stdout: SECRET });
    expect((await host.restic("check")).code).toBe(0);
  }, 60_000);

  test("without a token it shows a fingerprint, waits for an admin, and connects once it is accepted", async () => {
    const installing = install();
    type Pending = { items: { id: string; fingerprint: string }[] };
    const asking = await until(async () => (await plane.client.get<Pending>("/api/pending-hosts")).items[0] ?? null, {
      timeoutMs: 60_000,
      what: "the machine that asks to join",
    });
    await plane.client.post(`/api/pending-hosts/${asking.id}/accept`, {
      host_name: "box2",
      includes: ["/etc"],
      repo: { kind: "local", url: "/var/lib/restic-manager/repository" },
    });
    const { code, stdout } = await installing;
    expect(code).toBe(0);
    expect(stdout).toContain("RM_TOKEN is not set");
    expect(stdout.replaceAll(" ", "")).toContain(asking.fingerprint);
    expect(stdout).toContain("Enrolled as box2");
    expect(stdout).toContain("Connected.");
    expect(await plane.finishedBackup("box2", { timeoutMs: 60_000 })).toMatchObject({ status: "succeeded" });
  }, 120_000);
});
