/** A restic that hangs is reported, then stopped, and the job says why. The server is faked; restic is a script that hangs. */
import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newId } from "../../shared/ids.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { startFakeServer } from "../testing/fake-server.ts";
import { agentFixture, desiredState, order } from "../testing/fixture.ts";

const cleanup = createCleanup();
afterAll(cleanup.run);

test("a hanging restic ends as stalled", async () => {
  const home = await cleanup.tempFolder();
  const server = startFakeServer();
  cleanup.add(() => server.stop());
  const hanging = join(home, "restic");
  writeFileSync(
    hanging,
    `#!/bin/sh\ncase "$1" in version) echo '{"message_type":"version","version":"0.19.1"}' ;; backup) exec sleep 600 ;; *) echo '[]' ;; esac\n`,
  );
  chmodSync(hanging, 0o755);
  const source = join(home, "source");
  mkdirSync(source);
  const repoId = newId();
  const credential = {
    url: join(home, "repo"),
    http_username: null,
    http_password: null,
    repo_password: "secret",
    env: {},
  };
  mkdirSync(credential.url);
  const state = desiredState({ repoId, credential, group: { includes: [source] } });
  const agent = await agentFixture(home, server.url, hanging).start({
    stall: { lookEveryMs: 40, sayAfterMs: 150, stopAfterMs: 500 },
  });
  cleanup.add(() => agent.stop());
  await server.wait("hello");
  server.send("state.set", state);
  const backup = order("backup", repoId, {
    source_group_id: state.source_groups[0]!.id,
    state_version: 1,
    bandwidth: null,
  });
  server.send("command.run", backup);
  const end = await server.wait("job.finished", (one) => one.payload.job_id === backup.job_id);
  expect(end.payload).toMatchObject({ status: "failed", error_code: "stalled" });
  const lines = server.list("log.stream").flatMap((one) => one.payload.lines.map((line) => line.payload));
  expect(lines.some((line) => line.includes("looks stalled"))).toBe(true);
}, 60_000);
