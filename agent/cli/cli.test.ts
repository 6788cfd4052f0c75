/** The agent's commands, as a user runs them. */
import { afterAll, expect, test } from "bun:test";
import { chmodSync, existsSync } from "node:fs";
import { join } from "node:path";
import { newId } from "../../shared/ids.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { readEnvironment, saveConfig } from "../config.ts";
import { runAgentCli } from "../testing/cli.ts";
import { startFakeServer } from "../testing/fake-server.ts";
import { agentFixture, desiredState } from "../testing/fixture.ts";
import { COMMANDS } from "./table.ts";

const cleanup = createCleanup();
afterAll(() => cleanup.run());

async function emptyMachine() {
  const folder = await cleanup.tempFolder();
  return readEnvironment({ RM_AGENT_CONFIG: join(folder, "c"), RM_AGENT_STATE: join(folder, "s"), PATH: folder });
}

test("usage comes from the table: on stdout when asked for, on stderr with exit 2 when wrong", async () => {
  const environment = await emptyMachine();
  const help = await runAgentCli(environment, "--help");
  expect(help).toMatchObject({ code: 0, err: "" });
  for (const { name, summary } of COMMANDS) expect(help.out).toContain(`${name.padEnd(10)} ${summary}`);
  expect(await runAgentCli(environment)).toMatchObject({ code: 2, out: "" });
  expect((await runAgentCli(environment, "service", "install")).err).toStartWith("Unknown command: service");
  expect(await runAgentCli(environment, "status", "--jsno")).toMatchObject({ code: 2, out: "" });
  expect((await runAgentCli(environment, "enroll", "--help")).out).toContain("--server URL");
});

test("a machine that is not enrolled says so everywhere", async () => {
  const environment = await emptyMachine();
  expect(await runAgentCli(environment, "run")).toMatchObject({ code: 1, out: "" });
  const status = await runAgentCli(environment, "status", "--json");
  expect(JSON.parse(status.out)).toMatchObject({ connected: false, server: null, host_id: null, jobs: [], outbox: 0 });
  const doctor = await runAgentCli(environment, "doctor");
  expect(doctor.code).toBe(1);
  expect(doctor.out).toContain("problem this machine is not enrolled");
  expect(doctor.out).toContain("remedy: ");
  for (const asked of ["version", "--version"])
    expect((await runAgentCli(environment, asked)).out).toMatch(
      /^restic-manager-agent \d+\.\d+\.\d+-dev .*\nprotocol 1\nrestic/,
    );
});

test("status and doctor beside a running agent; uninstall refuses until it has stopped, then removes everything", async () => {
  const server = startFakeServer();
  cleanup.add(() => server.stop());
  const { environment, config, start } = agentFixture(await cleanup.tempFolder(), server.url, null);
  saveConfig(environment, config);
  const agent = await start();
  await server.wait("heartbeat");
  const status = await runAgentCli(environment, "status");
  expect(status.out).toContain(`Connected to ${server.url}`);
  const doctor = await runAgentCli(environment, "doctor");
  expect(doctor.out).toContain("ok      the agent is running and connected");
  expect(doctor.out).toContain(`ok      ${server.url} answers`);
  expect(doctor.out + status.out).not.toContain(config.agent_token);
  chmodSync(join(environment.configFolder, "agent.yaml"), 0o644);
  expect((await runAgentCli(environment, "doctor")).out).toContain("is readable by other users");

  expect(await runAgentCli(environment, "uninstall", "--yes")).toMatchObject({ code: 1 });
  expect(existsSync(environment.configFolder)).toBe(true);
  await agent.stop();
  expect(await runAgentCli(environment, "uninstall", "--yes")).toMatchObject({ code: 0 });
  expect(existsSync(environment.configFolder)).toBe(false);
  expect(existsSync(environment.stateFolder)).toBe(false);
});

test("status and doctor show the schedules, when each runs next, and when they are stopped", async () => {
  const server = startFakeServer();
  cleanup.add(() => server.stop());
  const { environment, config, start } = agentFixture(await cleanup.tempFolder(), server.url, null);
  saveConfig(environment, config);
  const agent = await start();
  cleanup.add(() => agent.stop());
  await server.wait("heartbeat");
  const credential = { url: "/srv/r", http_username: null, http_password: null, repo_password: "hidden!", env: {} };
  const state = desiredState({ repoId: newId(), credential });
  const group = state.source_groups[0]!.id;
  const parts = { timezone: "UTC", splay_minutes: 0, source_group_ids: [group] };
  const schedules = [
    { id: newId(), cron: "0 2 * * *", enabled: true, ...parts },
    { id: newId(), cron: "0 4 * * sun", enabled: false, ...parts },
  ];
  server.send("state.set", { ...state, schedules });
  await server.wait("state.ack");
  const asked = JSON.parse((await runAgentCli(environment, "status", "--json")).out);
  expect(asked.schedules_rest).toBeNull();
  expect(asked.schedules[0].next_run_at).toEndWith("T02:00:00.000Z");
  expect(asked.schedules[1].next_run_at).toBeNull();
  const status = (await runAgentCli(environment, "status")).out;
  expect(status).toContain("  every day at 02:00 (UTC): documents; next run ");
  expect(status).toContain("  every Sunday at 04:00 (UTC): documents; disabled");
  expect((await runAgentCli(environment, "doctor")).out).toContain("1 schedule active, even without the server");

  server.send("state.set", { ...state, schedules, schedules_paused: true, state_version: 2 });
  await server.wait("state.ack", ({ payload }) => payload.state_version === 2);
  expect((await runAgentCli(environment, "status")).out).toContain("Schedules are paused by the server");
  expect((await runAgentCli(environment, "doctor")).out).toContain("problem Schedules are paused");
});
