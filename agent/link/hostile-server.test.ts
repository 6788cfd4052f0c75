/** What a hostile server cannot do once the machine's owner has forbidden it: real agent processes, a faked server. */
import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newId } from "../../shared/ids.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { type AgentConfig, saveConfig } from "../config.ts";
import { type FakeServer, startFakeServer } from "../testing/fake-server.ts";
import { agentFixture, desiredState, localCredential, order } from "../testing/fixture.ts";
import { makeSigningKey, offerRestic, type SigningKey } from "../testing/offered-restic.ts";

const cleanup = createCleanup();
afterAll(() => cleanup.run(), 60_000);

const QUICK_AGENT = join(import.meta.dir, "../../tests/testbed/quick-agent.ts");
const EVERYTHING_OFF = {
  allow_hooks: false,
  allow_restore_in_place: false,
  allow_outside: false,
  allow_update: false,
};
const TOO_OLD = "#!/bin/sh\necho 'restic 0.14.0 compiled with go1.19.8 on linux/amd64'\n";

type Setting = { signedBy: SigningKey; config: Partial<AgentConfig>; stateKeys?: string[]; ownRestic?: string };

/** A machine without restic, and a server that offers a program which leaves a mark where it runs. */
async function machine({ signedBy, config, stateKeys = [], ownRestic }: Setting) {
  const folder = await cleanup.tempFolder();
  const mark = join(folder, "the offered program ran");
  const program = `#!/bin/sh\n: > '${mark}'\necho '{"message_type":"version","version":"0.18.0"}'\n`;
  const server = startFakeServer({ files: await offerRestic(program, signedBy) });
  cleanup.add(() => server.stop());
  const fixture = agentFixture(folder, server.url, null, config);
  saveConfig(fixture.environment, fixture.config);
  const path = join(folder, "path");
  mkdirSync(path);
  if (ownRestic) makeProgram(join(fixture.environment.binFolder, "restic"), ownRestic);

  const start = async () => {
    const seen = server.list("hello").length;
    const child = Bun.spawn([process.execPath, QUICK_AGENT], {
      env: {
        PATH: path,
        HOME: folder,
        RM_AGENT_CONFIG: fixture.environment.configFolder,
        RM_AGENT_STATE: fixture.environment.stateFolder,
      },
      stdout: "ignore",
      stderr: "inherit",
    });
    const stop = async () => {
      child.kill("SIGTERM");
      await child.exited;
    };
    cleanup.add(stop);
    await server.wait("hello", () => server.list("hello").length > seen);
    return { stop };
  };
  const repoId = newId();
  const tell = async () => {
    const credential = localCredential({ path: join(folder, "repository"), password: "a password" });
    server.send("state.set", { ...desiredState({ repoId, credential }), update_keys: stateKeys });
    await server.wait("state.ack");
  };
  const downloads = () => server.requests.filter((one) => one === "/agent/restic").length;
  return { server, folder, path, mark, repoId, start, tell, downloads };
}

function makeProgram(path: string, text: string): void {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, 0o755);
}

async function endOf(server: FakeServer, repoId: string) {
  const command = order("probe", repoId, { restic_id: null, wait_ms: 0, trial: false });
  server.send("command.run", command);
  return (await server.wait("job.finished", (one) => one.payload.job_id === command.job_id)).payload;
}

describe("a hostile server", () => {
  test("cannot bring its own signing key along with the settings", async () => {
    const [agreed, hostile] = [await makeSigningKey(), await makeSigningKey()];
    const setting = { signedBy: hostile, config: { update_keys: [agreed.open] }, stateKeys: [hostile.open] };
    const { server, mark, repoId, start, tell, downloads } = await machine(setting);
    const first = await start();
    await tell();
    await first.stop();
    await start();
    expect(await endOf(server, repoId)).toMatchObject({ error_code: "restic_missing" });
    expect(server.requests).toContain("/agent/manifest.json");
    expect(downloads()).toBe(0);
    expect(existsSync(mark)).toBe(false);
  }, 60_000);

  test.each([
    ["has no restic", null, "restic_missing"],
    ["has a restic that is too old", TOO_OLD, "restic_too_old"],
  ] as const)(
    "gets nothing fetched or run with everything switched off, where the machine %s",
    async (_what, onPath, code) => {
      const key = await makeSigningKey();
      const config = { ...EVERYTHING_OFF, update_keys: [key.open] };
      const { server, path, mark, repoId, start, tell } = await machine({
        signedBy: key,
        config,
        stateKeys: [key.open],
      });
      if (onPath) makeProgram(join(path, "restic"), onPath);
      const first = await start();
      await tell();
      await first.stop();
      await start();
      const end = await endOf(server, repoId);
      expect(end).toMatchObject({ status: "failed", error_code: code });
      expect(end.error_message).toContain("allow_update: false");
      expect(end.error_message).toContain("restic_path");
      expect(server.requests.filter((one) => one.startsWith("/agent/"))).toEqual([]);
      expect(existsSync(mark)).toBe(false);
    },
    60_000,
  );

  test("cannot replace the copy that the agent fetched while that was allowed", async () => {
    const key = await makeSigningKey();
    const ownRestic = `#!/bin/sh\necho '{"message_type":"version","version":"0.19.1"}'\n`;
    const config = { ...EVERYTHING_OFF, update_keys: [key.open] };
    const { server, mark, start, tell } = await machine({ signedBy: key, config, ownRestic });
    await start();
    await tell();
    expect(server.find("hello")?.payload.restic_version).toBe("0.19.1");
    await server.wait("heartbeat");
    expect(server.requests.filter((one) => one.startsWith("/agent/"))).toEqual([]);
    expect(existsSync(mark)).toBe(false);
  }, 60_000);

  test("that still has the key agreed at enrolment may provide restic, unless the owner forbids it", async () => {
    const key = await makeSigningKey();
    const { server, mark, start, downloads } = await machine({ signedBy: key, config: { update_keys: [key.open] } });
    await start();
    expect(server.find("hello")?.payload.restic_version).toBe("0.18.0");
    expect(downloads()).toBe(1);
    expect(existsSync(mark)).toBe(true);
  }, 60_000);
});
