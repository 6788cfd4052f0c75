/** How often an edit decrypts the secrets of a host, and that a failed edit leaves nothing behind. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { findHost } from "../../db/queries/hosts.ts";
import { silentLog } from "../../shared/log.ts";
import { parseToAgent } from "../../shared/protocol/to-agent.ts";
import { createRedactor } from "../../shared/redact.ts";
import { type Person, signInAs, startApp, type TestApp } from "../../tests/testbed/app.ts";
import { enrollHost } from "../../tests/testbed/hosts.ts";
import { helloOf } from "../../tests/testbed/simulated-agent.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { createConnection, createHub } from "../agents/hub.ts";
import type { Socket } from "../http/sockets.ts";
import { createCredentials } from "../repos/credentials.ts";
import { createFactBus } from "../runtime/facts.ts";
import { createSealer } from "../runtime/seal.ts";
import { createSourceGroups } from "../source-groups/groups.ts";
import { createHookTexts } from "../source-groups/hook-texts.ts";
import { createDesiredStates } from "./states.ts";
import { createStateSync } from "./sync.ts";

const cleanup = createCleanup();
let app: TestApp;
let admin: Person;
beforeAll(async () => {
  app = await startApp(cleanup);
  admin = await signInAs(app, "admin");
});
afterAll(cleanup.run);

/** A connected host, and everything between an edit and its acknowledgement. Counts decrypted secrets. */
async function scene() {
  const host = await enrollHost(app, admin, { backupNow: false });
  const { db, clock } = app;
  const bus = createFactBus(silentLog);
  const hub = createHub();
  const plain = createSealer(Buffer.alloc(32, 1));
  const count = { unsealed: 0 };
  const sealer = {
    ...plain,
    unseal: (...args: Parameters<typeof plain.unseal>) => {
      count.unsealed += 1;
      return plain.unseal(...args);
    },
  };
  const credentials = createCredentials({ db, clock, sealer, redactor: createRedactor(), bus });
  const checkStateSize = (hostId: string) => states.checkSize(hostId);
  const hooks = createHookTexts({ sealer });
  const states = createDesiredStates({ db, sealer, credentials, hooks, updateKeys: () => [] });
  const sync = createStateSync({ db, clock, log: silentLog, hub, bus, states });
  bus.on("state.changed", ({ hostId }) => sync.changed(hostId));
  const groups = createSourceGroups({ db, clock, bus, checkStateSize });
  const sent: { state_version: number; digest: string }[] = [];
  const socket = {
    readyState: WebSocket.OPEN,
    send(frame: string) {
      const parsed = parseToAgent(frame);
      if (parsed.ok && parsed.message.type === "state.set") sent.push(parsed.message.payload);
    },
  };
  const connection = createConnection(socket as unknown as Socket, host.id, "127.0.0.1", clock);
  connection.hello = helloOf(host.identity);
  hub.attach(connection);
  const acknowledge = () => {
    const last = sent.at(-1);
    if (!last) throw new Error("nothing was sent");
    sync.acknowledged(connection, { state_version: last.state_version, digest: last.digest, errors: [] });
  };
  const actor = { kind: "user", userId: admin.userId, username: admin.username, ip: "127.0.0.1" } as const;
  return { host, groups, states, sync, sent, acknowledge, count, actor, connection };
}

test("an edit decrypts the host's secrets once, from its check to its acknowledgement", async () => {
  const { host, groups, states, sent, acknowledge, count, actor } = await scene();
  groups.update(actor, host.id, host.gid, { includes: ["/srv", "/etc"] });
  acknowledge();
  expect(count.unsealed).toBe(1);
  expect(sent.at(-1)?.digest).toBe(states.compile(host.id)?.digest ?? "");
  expect(findHost(app.db, host.id)).toMatchObject({
    driftSince: null,
    appliedStateVersion: sent.at(-1)?.state_version,
  });
});

test("a state that was checked by a failed edit is never sent", async () => {
  const { host, groups, states, sync, sent, count, actor } = await scene();
  const trigger = `CREATE TRIGGER full BEFORE INSERT ON audit_log BEGIN SELECT raise(ABORT, 'no room'); END`;
  app.db.$client.run(trigger);
  expect(() => groups.update(actor, host.id, host.gid, { includes: ["/never"] })).toThrow();
  app.db.$client.run("DROP TRIGGER full");
  await Promise.resolve();
  sync.changed(host.id);
  expect(JSON.stringify(sent.at(-1))).not.toContain("/never");
  expect(sent.at(-1)?.digest).toBe(states.compile(host.id)?.digest ?? "");
  expect(count.unsealed).toBe(3);
});

test("an acknowledgement with errors says what they are about, even when it arrives twice", async () => {
  const { host, groups, sync, sent, actor, connection } = await scene();
  groups.update(actor, host.id, host.gid, { includes: ["/srv"] });
  const last = sent.at(-1);
  if (!last) throw new Error("nothing was sent");
  const errors = [{ path: "source_groups[0].includes[0]", message: "no such folder" }];
  for (let time = 0; time < 2; time++) {
    sync.acknowledged(connection, { state_version: last.state_version, digest: last.digest, errors });
    expect(findHost(app.db, host.id)?.stateErrors).toMatchObject([{ about: { id: host.gid, value: "/srv" } }]);
  }
});
