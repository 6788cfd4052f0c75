// The installer in a booted system, with a stub agent: how it handles failures, and what it leaves untouched.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bootContainer, type Container, containerObstacle } from "../testbed/container.ts";
import { makeSelfSigned } from "../testbed/self-signed.ts";
import { createCleanup } from "../testbed/temp.ts";
import { type StubSite, startStubSite } from "./stub-site.ts";

const obstacle = containerObstacle();
if (obstacle) console.warn(`skipped: ${obstacle}`);

const cleanup = createCleanup();
let site: StubSite;
let container: Container;

beforeAll(async () => {
  if (obstacle) return;
  site = startStubSite();
  cleanup.add(site.close);
  container = await bootContainer();
  cleanup.add(container.stop);
  await mkdir(inside("/opt/stub"));
}, 300_000);
afterAll(cleanup.run);

const inside = (path: string) => join(container.root, path);
const install = (args = "", env: Record<string, string> = { RM_TOKEN: "good-token" }) =>
  container.exec(`curl -fsSL ${site.origin}/install.sh | sh -s -- ${args}`, { env, timeoutMs: 120_000 });
const active = async () => (await container.exec("systemctl is-active restic-manager-agent")).stdout.trim();

describe.skipIf(obstacle !== null)("the installer", () => {
  test("installs nothing when the download is damaged", async () => {
    site.serve(new TextEncoder().encode("#!/bin/sh\necho something else\n"));
    const { code, stderr } = await install();
    expect(code).toBe(1);
    expect(stderr).toContain("Nothing was installed");
    expect(existsSync(inside("/var/lib/restic-manager"))).toBe(false);
    site.release("1.0.1");
  }, 60_000);

  test("says what to do when the token is refused, and goes on from there when run again", async () => {
    const refused = await install("", { RM_TOKEN: "spent-token" });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("The server did not accept this machine");
    expect(refused.stderr).toContain("Add host");
    expect(await active()).not.toBe("active");
    const { code, stdout } = await install();
    expect(code).toBe(0);
    expect(stdout).toContain("Connected.");
    expect(await active()).toBe("active");
    expect(site.requests).toContain("/agent/binary gzip");
    expect(await container.must("systemctl is-enabled restic-manager-agent")).toBe("enabled\n");
  }, 90_000);

  test("leaves a healthy installation alone, and upgrades it when the server has a new version", async () => {
    const pid = () => container.must("systemctl show -P MainPID restic-manager-agent");
    const before = await pid();
    const again = await install("", {});
    expect(again.code).toBe(0);
    expect(again.stdout).toContain("1.0.1 is already installed");
    expect(again.stdout).toContain("Already enrolled");
    expect(await pid()).toBe(before);
    site.release("1.0.2");
    const upgraded = await install("", {});
    expect(upgraded.stdout).toContain("Installed version 1.0.2");
    expect(await pid()).not.toBe(before);
    expect(await container.must("tail -n 1 /var/lib/restic-manager/bin/restic-manager-agent")).toBe("# 1.0.2\n");
  }, 90_000);

  test("repairs a missing unit and link, and hardens on request", async () => {
    await rm(inside("/etc/systemd/system/restic-manager-agent.service"));
    await rm(inside("/usr/local/bin/restic-manager-agent"));
    const { stdout } = await install("--hardened", {});
    expect(stdout).toContain("forbidden on this machine");
    expect(await active()).toBe("active");
    expect(await container.must("restic-manager-agent version")).toContain("stub");
    const config = await container.must("cat /etc/restic-manager/agent.yaml");
    expect(config).toContain("allow_hooks: false\n");
    expect(config).toContain("allow_restore_in_place: false\n");
    expect(config).toContain("allow_update: false\n");
    expect(stdout).toContain("does not download restic from its server");
    expect(await container.must("stat -c %a /etc/restic-manager /var/lib/restic-manager")).toBe("700\n700\n");
  }, 90_000);

  test("enrols anew on request, and keeps the old enrolment when that is refused", async () => {
    const refused = await install("--re-enroll", { RM_TOKEN: "spent-token" });
    expect(refused.code).toBe(1);
    expect(await active()).toBe("active");
    await rm(inside("/opt/stub/enrolled-with"));
    expect((await install("--re-enroll")).code).toBe(0);
    expect(await container.must("cat /opt/stub/enrolled-with")).toBe(`enroll --server ${site.origin}\n`);
    expect(await active()).toBe("active");
  }, 60_000);

  test("shows old cron entries and timers without their secrets, and disables none", async () => {
    await writeFile(
      inside("/etc/cron.d/old-backup"),
      "# restic of the old days\n15 2 * * * root RESTIC_PASSWORD=hunter2 restic -r rest:https://u:pw@nas/ backup /etc\n",
    );
    await writeFile(inside("/opt/nightly.sh"), "#!/bin/sh\nrestic backup /home\n");
    await writeFile(inside("/var/spool/cron/crontabs/root"), "30 3 * * * /opt/nightly.sh >/dev/null\n");
    await writeFile(inside("/etc/cron.daily/home"), "#!/bin/sh\nexec restic backup /srv\n");
    await chmod(inside("/etc/cron.daily/home"), 0o755);
    const unit = (name: string) => inside(`/etc/systemd/system/${name}`);
    await writeFile(unit("backup.service"), "[Service]\nType=oneshot\nExecStart=-/usr/bin/restic backup /var\n");
    await writeFile(unit("backup.timer"), "[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target\n");
    await container.must("systemctl daemon-reload && systemctl enable --now backup.timer");
    const { stdout } = await install("", {});
    const commands = [...stdout.matchAll(/disable it: (.*)/g)].map((match) => match[1]!);
    expect(commands).toEqual([
      "sudo sed -i '2s/^/# /' /etc/cron.d/old-backup",
      "sudo sed -i '1s/^/# /' /var/spool/cron/crontabs/root",
      "sudo chmod -x /etc/cron.daily/home",
      "sudo systemctl disable --now backup.timer",
    ]);
    expect(stdout).not.toContain("hunter2");
    expect(stdout).not.toContain("u:pw@");
    expect(await container.must("systemctl is-active backup.timer")).toBe("active\n");
    for (const command of commands) await container.must(command.replace("sudo ", ""));
    expect((await install("", {})).stdout).not.toContain("disable it:");
    expect((await container.exec("systemctl is-active backup.timer")).stdout).toBe("inactive\n");
  }, 90_000);

  test("gives up waiting with the log and the next step when the server is not reached", async () => {
    await writeFile(inside("/opt/stub/offline"), "");
    const slow = await container.exec(
      `curl -fsSL ${site.origin}/install.sh | sed 's/^CONNECT_SECONDS=.*/CONNECT_SECONDS=2/' | sh`,
    );
    expect(slow.code).toBe(1);
    expect(slow.stderr).toContain("restic-manager-agent doctor");
    expect(await active()).toBe("active");
    await rm(inside("/opt/stub/offline"));
  }, 60_000);

  test("removes everything but restored files", async () => {
    await writeFile(inside("/root/rm-restore/precious"), "x");
    const { code, stdout } = await install("--uninstall", {});
    expect(code).toBe(0);
    expect(stdout).toContain("contains restored files and was kept");
    for (const path of ["/etc/restic-manager", "/var/lib/restic-manager", "/var/cache/restic-manager"]) {
      expect(existsSync(inside(path))).toBe(false);
    }
    expect(await active()).not.toBe("active");
    expect((await container.exec("command -v restic-manager-agent")).code).not.toBe(0);
    expect(await container.must("cat /root/rm-restore/precious")).toBe("x");
    expect((await install("--uninstall", {})).code).toBe(0);
  }, 60_000);

  test("works with wget where there is no curl", async () => {
    await container.must("mv /usr/bin/curl /usr/bin/curl.away");
    const { code, stdout } = await container.exec(`wget -qO- ${site.origin}/install.sh | RM_TOKEN=good-token sh`);
    await container.must("mv /usr/bin/curl.away /usr/bin/curl");
    expect(stdout).toContain("Connected.");
    expect(code).toBe(0);
  }, 60_000);

  test("trusts a self-signed server by its pin or certificate alone, with curl and with wget", async () => {
    const signed = await makeSelfSigned(await cleanup.tempFolder());
    const secure = startStubSite(signed);
    cleanup.add(secure.close);
    secure.release("1.0.3");
    await container.copyIn(signed.certFile, "/opt/ca.pem");
    await container.copyIn(join(import.meta.dir, "../../install/install.sh"), "/opt/install.sh");
    const trusting = async (args: string, without?: string) => {
      await container.must("sh /opt/install.sh --uninstall");
      if (without) await container.must(`mv /usr/bin/${without} /usr/bin/${without}.away`);
      const env = { RM_TOKEN: "good-token" };
      const { code } = await container.exec(`sh /opt/install.sh --server ${secure.origin} ${args}`, { env });
      if (without) await container.must(`mv /usr/bin/${without}.away /usr/bin/${without}`);
      return code;
    };
    const wrong = `sha256//${"A".repeat(43)}=`;
    for (const without of [undefined, "curl"]) {
      expect(await trusting("", without)).toBe(1);
      expect(await trusting(`--pin ${wrong}`, without)).toBe(1);
      expect(await trusting(`--pin ${signed.pin}`, without)).toBe(0);
      expect(await trusting("--ca /opt/ca.pem", without)).toBe(0);
    }
    expect(await container.must("cat /opt/stub/enrolled-with")).toBe(
      `enroll --server ${secure.origin} --ca /opt/ca.pem\n`,
    );
  }, 120_000);
});
