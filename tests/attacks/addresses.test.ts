/** One machine with many addresses, or one address in many spellings, is counted once; who loses its place is told why. */
import { afterAll, beforeEach, expect, test } from "bun:test";
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { newId } from "../../shared/ids.ts";
import { announcedText } from "../../shared/protocol/pending.ts";
import { systemClock } from "../../shared/time/clock.ts";
import { type InsideSocket, PASSWORD, signInAs, startApp, type TestApp } from "../testbed/app.ts";
import { createCleanup } from "../testbed/temp.ts";

const cleanup = createCleanup();
afterAll(cleanup.run);
let app: TestApp;
beforeEach(async () => {
  app = await startApp(cleanup, "error", systemClock, null, { RM_TRUSTED_PROXY: "10.0.0.0/8,::1/128" });
});

const login = (password: string, ip: string, forwarded?: string) =>
  app.request(
    "/api/auth/login",
    {
      method: "POST",
      headers: { "content-type": "application/json", ...(forwarded ? { "x-forwarded-for": forwarded } : {}) },
      body: JSON.stringify({ username: "admin", password }),
    },
    ip,
  );
const checked = async (attempts: Promise<Response>[]) =>
  (await Promise.all(attempts)).filter(({ status }) => status === 401).length;
const times = <T>(count: number, one: (n: number) => T) => Array.from({ length: count }, (_, n) => one(n));

test("sixty addresses of one IPv6 network have five guesses together; the next network has its own", async () => {
  expect(await checked(times(60, (n) => login("wrong", `2001:db8:1:2::${n.toString(16)}`)))).toBe(5);
  expect((await login("wrong", "2001:db8:1:3::1")).status).toBe(401);
});

test("an IPv4 address is the same inside IPv6, with a port, and whatever a proxy makes of it", async () => {
  const spellings = ["203.0.113.7", "::ffff:203.0.113.7", "::FFFF:cb00:7107"];
  const direct = spellings.flatMap((ip) => [login("wrong", ip), login("wrong", ip)]);
  const proxied = times(60, (n) => login("wrong", "10.0.0.1", `203.0.113.7:${40_000 + n}`));
  const claimed = times(10, (n) => login("wrong", "::ffff:10.0.0.1", `192.0.2.${n}, [::ffff:203.0.113.7]:${n}`));
  expect(await checked([...direct, ...proxied, ...claimed])).toBe(5);
});

test("an address that a proxy did not write is nobody's: garbage counts for the proxy, and no spelling escapes", async () => {
  expect(await checked(times(60, (n) => login("wrong", "10.0.0.1", `_hidden-${n}`)))).toBe(5);
});

test("whoever signs in is written down in the one spelling", async () => {
  const admin = await signInAs(app, "admin");
  await login(PASSWORD, "10.0.0.1", "[2001:DB8:0:0::9]:4711");
  const rows = app.db.$client.query<{ ip: string }, [string]>("SELECT ip FROM sessions WHERE user_id = ?");
  expect(rows.all(admin.userId).map(({ ip }) => ip)).toContain("2001:db8::9");
});

type Machine = { privateKey: KeyObject; id: string };

async function announce(ip: string): Promise<{ status: number; machine: Machine }> {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const request = {
    public_key: publicKey.export({ format: "jwk" }).x ?? "",
    machine_id: newId(),
    hostname: "web-01",
    os: "linux",
    arch: "x64",
    agent_version: "0.1.0",
    restic_version: null,
    protocol_version: 1,
    timezone: "UTC",
    roaming_hint: false,
  };
  const answer = await app.request(
    "/api/agents/announce",
    { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(request) },
    ip,
  );
  const { pending_id: id = "" } = (await answer.json()) as { pending_id?: string };
  return { status: answer.status, machine: { privateKey, id } };
}

/** Connects, proves the key when asked, and collects what it is told. */
type Told = { told: { type: string; payload: Record<string, unknown> }[]; isClosed(): boolean };
async function wait({ privateKey, id }: Machine, ip = "192.0.2.1"): Promise<Told> {
  let isClosed = false;
  const told: { type: string; payload: Record<string, unknown> }[] = [];
  let socket: InsideSocket | null = null;
  let challenge: string | null = null;
  const prove = () => {
    if (!socket || challenge === null) return;
    const hash = "ab".repeat(32);
    const signature = sign(null, Buffer.from(announcedText(id, challenge, hash)), privateKey).toString("base64url");
    challenge = null;
    socket.send(JSON.stringify({ type: "pending.proof", ts: 0, payload: { agent_token_hash: hash, signature } }));
  };
  const onFrame = (frame: string) => {
    const message = JSON.parse(frame) as { type: string; payload: Record<string, unknown> };
    if (message.type === "pending.challenge") {
      challenge = String(message.payload["nonce"]);
      prove();
    } else told.push(message);
  };
  const onClose = () => {
    isClosed = true;
  };
  socket = await app.connect(`/ws/agent/pending?id=${id}`, {}, { ip, onFrame, onClose });
  prove();
  return { told, isClosed: () => isClosed };
}

test("five machines of one IPv6 network may wait, whatever address each takes", async () => {
  const answers = await Promise.all(times(8, (n) => announce(`2001:db8:1:2::${n + 1}`)));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(5);
});

test("a machine that makes room for others is told so, at once or when it comes back; a rejected one is told that", async () => {
  const { machine: first } = await announce("192.0.2.1");
  const { told } = await wait(first);
  const { machine: rejected } = await announce("192.0.2.2");
  const { told: toldRejected } = await wait(rejected);
  app.clock.move(1000);
  for (let n = 0; n < 99; n++) {
    const { machine } = await announce(`198.51.100.${n}`);
    await wait(machine, `198.51.100.${n}`);
  }
  expect(told.at(-1)).toMatchObject({ type: "error", payload: { code: "evicted" } });
  expect((await wait(first)).told).toMatchObject([{ type: "error", payload: { code: "evicted" } }]);

  const admin = await signInAs(app, "admin");
  const reject = await app.request(`/api/pending-hosts/${rejected.id}/reject`, {
    method: "POST",
    headers: { cookie: admin.cookie, "x-csrf-token": admin.csrf, "content-type": "application/json" },
    body: "{}",
  });
  expect(reject.status).toBe(204);
  expect(toldRejected.at(-1)).toMatchObject({ type: "error", payload: { code: "rejected" } });
  expect((await wait({ ...first, id: newId() })).told).toMatchObject([{ type: "error", payload: { code: "expired" } }]);
});

test("a machine that waits has one connection, and nobody sends it long frames", async () => {
  const { machine } = await announce("192.0.2.1");
  const first = await wait(machine);
  await wait(machine);
  expect(first.isClosed()).toBe(true);
  let isClosed = false;
  const onClose = () => {
    isClosed = true;
  };
  const stranger = await app.connect(`/ws/agent/pending?id=${machine.id}`, {}, { onClose });
  stranger.send(JSON.stringify({ type: "pending.proof", ts: 0, payload: { signature: "x".repeat(5_000) } }));
  expect(isClosed).toBe(true);
});
