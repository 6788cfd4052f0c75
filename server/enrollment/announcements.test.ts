/** Limits on announced machines, which one makes room for others, and what a proof is valid for. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { Db } from "../../db/open.ts";
import { findPendingHost } from "../../db/queries/pending-hosts.ts";
import { newId } from "../../shared/ids.ts";
import { silentLog } from "../../shared/log.ts";
import type { AnnounceRequest } from "../../shared/protocol/enrollment.ts";
import { announcedText } from "../../shared/protocol/pending.ts";
import { MINUTE_MS } from "../../shared/time/clock.ts";
import { openTestDb } from "../../tests/testbed/database.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { createFactBus } from "../runtime/facts.ts";
import { type Announcements, createAnnouncements, PENDING_LIFETIME_MS } from "./announcements.ts";

const cleanup = createCleanup();
let db: Db;
let now = 1_000_000;
let announcements: Announcements;

beforeEach(async () => {
  db = await openTestDb(cleanup);
  now = 1_000_000;
  const unused = () => {
    throw new Error("nobody is accepted here");
  };
  announcements = createAnnouncements({
    db,
    clock: { now: () => now },
    bus: createFactBus(silentLog),
    credentials: { create: unused } as never,
    groups: { createDefault: unused } as never,
    schedules: { createDefault: unused } as never,
  });
});
afterEach(cleanup.run);

type Machine = { privateKey: KeyObject; request: AnnounceRequest };

function machine(hostname = "web-01"): Machine {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const request: AnnounceRequest = {
    public_key: publicKey.export({ format: "jwk" }).x ?? "",
    machine_id: newId(),
    hostname,
    os: "linux",
    arch: "x64",
    agent_version: "0.1.0",
    restic_version: null,
    protocol_version: 1,
    timezone: "UTC",
    roaming_hint: false,
  };
  return { privateKey, request };
}

function proofOf({ privateKey }: Machine, pendingId: string, nonce: string) {
  const hash = "a".repeat(64);
  const signature = sign(null, Buffer.from(announcedText(pendingId, nonce, hash)), privateKey).toString("base64url");
  return { agent_token_hash: hash, signature };
}

function ask(one: Machine, ip = "10.0.0.1") {
  return announcements.announce(one.request, ip).pending_id;
}

describe("limits", () => {
  test("five machines of one address may be pending, a sixth is refused, and the same machine may ask again", () => {
    const five = [1, 2, 3, 4, 5].map(() => machine());
    const ids = five.map((one) => ask(one));
    expect(() => ask(machine())).toThrow(/Five machines/);
    expect(ask(five[0] as Machine)).toBe(ids[0] ?? "");
    expect(() => ask(machine(), "10.0.0.2")).not.toThrow();
  });

  test("ten announcements a minute from one address", () => {
    const one = machine();
    for (let n = 0; n < 10; n++) ask(one);
    expect(() => ask(one)).toThrow(/Too many/);
    now += MINUTE_MS;
    expect(() => ask(one)).not.toThrow();
  });

  test("a hundred in all: unproven machines make room first", () => {
    const proven = machine();
    const id = ask(proven, "10.1.0.0");
    announcements.prove(id, "nonce", proofOf(proven, id, "nonce"));
    now += 1;
    const unproven = ask(machine(), "10.1.0.1");
    for (let n = 2; n < 100; n++) {
      now += 1;
      ask(machine(), `10.1.0.${n}`);
    }
    ask(machine(), "10.2.0.1");
    expect(findPendingHost(db, unproven)).toBeNull();
    expect(findPendingHost(db, id)).not.toBeNull();
  });

  test("no machine stays pending for more than an hour", () => {
    const one = machine();
    const id = ask(one);
    announcements.prove(id, "nonce", proofOf(one, id, "nonce"));
    expect(announcements.list()).toHaveLength(1);
    now += PENDING_LIFETIME_MS;
    expect(announcements.list()).toHaveLength(0);
    announcements.forgetExpired();
    expect(findPendingHost(db, id)).toBeNull();
  });
});

describe("a proof", () => {
  test("is valid for its key, this machine and this challenge only", () => {
    const one = machine();
    const other = machine();
    const id = ask(one);
    expect(announcements.prove(id, "nonce", proofOf(other, id, "nonce"))).toBeNull();
    expect(announcements.prove(id, "another nonce", proofOf(one, id, "nonce"))).toBeNull();
    expect(announcements.prove(newId(), "nonce", proofOf(one, id, "nonce"))).toBeNull();
    expect(announcements.list()).toHaveLength(0);
    expect(announcements.prove(id, "nonce", proofOf(one, id, "nonce"))?.id).toBe(id);
    expect(announcements.list().map((row) => row.id)).toEqual([id]);
  });
});
