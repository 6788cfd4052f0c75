/** Recognising the systemd unit's version. */
import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UNIT_VERSION } from "../../shared/unit.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { saveConfig } from "../config.ts";
import { runAgentCli } from "../testing/cli.ts";
import { startFakeServer } from "../testing/fake-server.ts";
import { agentFixture } from "../testing/fixture.ts";
import { loadedUnit, runningUnit } from "./service-unit.ts";

const cleanup = createCleanup();
afterAll(() => cleanup.run());

const UNDER_OURS = "0::/system.slice/restic-manager-agent.service\n";
const OLDER_SYSTEM = "12:cpu:/\n1:name=systemd:/system.slice/restic-manager-agent.service\n0::/\n";
const BY_HAND = "0::/user.slice/user-0.slice/session-4.scope\n";

describe("the unit that runs the agent", () => {
  test("reports its version", () => {
    expect(runningUnit("2", UNDER_OURS)).toBe(2);
    expect(runningUnit("3", BY_HAND)).toBe(3);
  });

  test("counts as the first version where it declares none, in either kind of control groups", () => {
    expect(runningUnit(null, UNDER_OURS)).toBe(1);
    expect(runningUnit(null, OLDER_SYSTEM)).toBe(1);
    expect(runningUnit("two", UNDER_OURS)).toBe(1);
  });

  test("is none for an agent that was started by hand or by another unit", () => {
    expect(runningUnit(null, BY_HAND)).toBeNull();
    expect(runningUnit(null, "0::/system.slice/my-own-restic-manager-agent.service\n")).toBeNull();
    expect(runningUnit(null, "")).toBeNull();
  });

  test("is read from what systemd has loaded, too", () => {
    expect(loadedUnit("Environment=RM_UNIT_VERSION=2\n")).toBe(2);
    expect(loadedUnit("Environment=SSL_CERT_FILE=/etc/ssl/vault.pem RM_UNIT_VERSION=12\n")).toBe(12);
    expect(loadedUnit("Environment=\n")).toBe(1);
  });
});

describe("doctor", () => {
  /** A machine whose systemctl says that the service is active, with these settings. */
  async function machine(
    environment: string,
    trust: { pin: string | null; ca_file: string | null; insecure: boolean },
  ) {
    const folder = await cleanup.tempFolder();
    const systemctl = `#!/bin/sh\nif [ "$1" = is-active ]; then echo active; else echo 'Environment=${environment}'; fi\n`;
    writeFileSync(join(folder, "systemctl"), systemctl);
    chmodSync(join(folder, "systemctl"), 0o755);
    const fixture = agentFixture(folder, "https://backup.example", null, { trust });
    const own = { ...fixture.environment, standardFolders: true, childBase: { PATH: `${folder}:/usr/bin:/bin` } };
    saveConfig(own, fixture.config);
    return (await runAgentCli(own, "doctor")).out;
  }

  test("says what an old unit lacks, and the command that replaces it", async () => {
    const out = await machine("", { pin: null, ca_file: null, insecure: false });
    expect(out).toContain("problem the systemd unit is outdated. It cannot keep the agent running");
    expect(out).toContain("device files");
    expect(out).toContain(
      "remedy: run the installer again (identity and settings are kept): curl -fsSL https://backup.example/install.sh | sudo sh",
    );
  });

  test("names the pin or authority by which this machine trusts its server", async () => {
    const pin = `sha256//${"A".repeat(43)}=`;
    expect(await machine("", { pin, ca_file: null, insecure: false })).toContain(
      `curl -fsSLk --pinnedpubkey ${pin} https://backup.example/install.sh | sudo sh -s -- --pin ${pin}`,
    );
    expect(await machine("", { pin: null, ca_file: "/etc/my ca.pem", insecure: false })).toContain(
      "curl -fsSL --cacert '/etc/my ca.pem' https://backup.example/install.sh | sudo sh -s -- --ca '/etc/my ca.pem'",
    );
  });

  test("is content with the newest unit", async () => {
    const out = await machine(`RM_UNIT_VERSION=${UNIT_VERSION}`, { pin: null, ca_file: null, insecure: false });
    expect(out).toContain("ok      the service is active");
    expect(out).not.toContain("unit is outdated");
  });
});

test("hello has the unit's version, and nothing where our unit is not used", async () => {
  const hello = async (unitVersion: string | null) => {
    const server = startFakeServer();
    cleanup.add(() => server.stop());
    const fixture = agentFixture(await cleanup.tempFolder(), server.url, null);
    fixture.environment.unitVersion = unitVersion;
    const agent = await fixture.start();
    cleanup.add(() => agent.stop());
    return (await server.wait("hello")).payload;
  };
  expect(await hello("2")).toMatchObject({ unit_version: 2 });
  expect(await hello(null)).not.toHaveProperty("unit_version");
});
