import { afterAll, expect, test } from "bun:test";
import { chmodSync, existsSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../shared/clock.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { readEnvironment, saveConfig } from "../config.ts";
import { startFakeServer } from "../testing/fake-server.ts";
import { agentFixture } from "../testing/fixture.ts";
import { COMMANDS, runCli } from "./table.ts";

const cleanup = createCleanup();
afterAll(() => cleanup.run());

async function run(environment: ReturnType<typeof readEnvironment>, ...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const io = {
    environment,
    clock: systemClock,
    out: (line: string) => void out.push(line),
    err: (line: string) => void err.push(line),
  };
  return { code: await runCli(args, io), out: out.join("\n"), err: err.join("\n") };
}

async function emptyMachine() {
  const folder = await cleanup.tempFolder();
  return readEnvironment({ RM_AGENT_CONFIG: join(folder, "c"), RM_AGENT_STATE: join(folder, "s"), PATH: folder });
}

test("usage comes from the table: on stdout when asked for, on stderr with exit 2 when wrong", async () => {
  const environment = await emptyMachine();
  const help = await run(environment, "--help");
  expect(help).toMatchObject({ code: 0, err: "" });
  for (const { name, summary } of COMMANDS) expect(help.out).toContain(`${name.padEnd(10)} ${summary}`);
  expect(await run(environment)).toMatchObject({ code: 2, out: "" });
  expect((await run(environment, "service", "install")).err).toStartWith("Unknown command: service");
  expect(await run(environment, "status", "--jsno")).toMatchObject({ code: 2, out: "" });
  expect((await run(environment, "enroll", "--help")).out).toContain("--server URL");
});

test("a machine that is not enrolled says so everywhere", async () => {
  const environment = await emptyMachine();
  expect(await run(environment, "run")).toMatchObject({ code: 1, out: "" });
  const status = await run(environment, "status", "--json");
  expect(JSON.parse(status.out)).toMatchObject({ connected: false, server: null, host_id: null, jobs: [], outbox: 0 });
  const doctor = await run(environment, "doctor");
  expect(doctor.code).toBe(1);
  expect(doctor.out).toContain("problem this machine is not enrolled");
  expect(doctor.out).toContain("remedy: ");
  expect((await run(environment, "version")).out).toMatch(/^restic-manager-agent \d+\.\d+\.\d+ .*\nprotocol 1\nrestic/);
});

test("status and doctor beside a running agent; uninstall refuses until it has stopped, then removes everything", async () => {
  const server = startFakeServer();
  cleanup.add(() => server.stop());
  const { environment, config, start } = agentFixture(await cleanup.tempFolder(), server.url, null);
  saveConfig(environment, config);
  const agent = await start();
  await server.wait("heartbeat");
  const status = await run(environment, "status");
  expect(status.out).toContain(`Connected to ${server.url}`);
  const doctor = await run(environment, "doctor");
  expect(doctor.out).toContain("ok      the agent runs and is connected");
  expect(doctor.out).toContain(`ok      ${server.url} answers`);
  expect(doctor.out + status.out).not.toContain(config.agent_token);
  chmodSync(join(environment.configFolder, "agent.yaml"), 0o644);
  expect((await run(environment, "doctor")).out).toContain("can be read by others");

  expect(await run(environment, "uninstall", "--yes")).toMatchObject({ code: 1 });
  expect(existsSync(environment.configFolder)).toBe(true);
  await agent.stop();
  expect(await run(environment, "uninstall", "--yes")).toMatchObject({ code: 0 });
  expect(existsSync(environment.configFolder)).toBe(false);
  expect(existsSync(environment.stateFolder)).toBe(false);
});
