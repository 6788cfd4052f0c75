/** `/ws/agent/pending`: sends a challenge, checks the proof, and delivers the admin's decision. */
import { randomBytes } from "node:crypto";
import * as v from "valibot";
import type { Db } from "../../db/open.ts";
import { findHost } from "../../db/queries/hosts.ts";
import { findPendingHost } from "../../db/queries/pending-hosts.ts";
import { parseFromPending, type toPending } from "../../shared/protocol/pending.ts";
import { CLOSE } from "../../shared/protocol/version.ts";
import { type Clock, MINUTE_MS, SECOND_MS } from "../../shared/time/clock.ts";
import { Refusal } from "../http/errors.ts";
import { createRateLimit } from "../http/rate-limit.ts";
import { publicRoute, type Route } from "../http/routes.ts";
import type { Socket, SocketEnd } from "../http/sockets.ts";
import type { FactBus } from "../runtime/facts.ts";
import type { Tick } from "../runtime/ticker.ts";
import type { Announcements, PendingEnd, Proof } from "./announcements.ts";
import type { AnswerFor } from "./enroll.ts";

const SOCKETS_PER_MINUTE = 30;
const PROOF_WITHIN_MS = 10_000;
/** In characters. A proof has about 300. */
const LONGEST_PROOF = 4_096;

const ENDS: Record<PendingEnd, string> = {
  rejected: "An admin has rejected this machine.",
  evicted:
    "Too many machines are pending on this server, so this one was removed. Nobody has rejected it. Announce it again.",
  expired: "This machine is no longer pending: nobody decided within an hour. Announce it again.",
};
const PROOF_INVALID = new Refusal(
  403,
  "proof_invalid",
  "The signature was not made with the announced key. Announce this machine again.",
);

export type PendingSocketDeps = {
  db: Db;
  clock: Clock;
  bus: FactBus;
  announcements: Announcements;
  answerFor: AnswerFor;
  isDraining(): boolean;
};

type Waiting = { ws: Socket; pendingId: string; origin: string; openedAt: number; hasProven: boolean };

export type PendingSockets = {
  routes: Route[];
  ticks: readonly Tick[];
};

export function createPendingSockets(deps: PendingSocketDeps): PendingSockets {
  const { db, clock, bus, announcements, answerFor, isDraining } = deps;
  const strangers = createRateLimit({ limit: SOCKETS_PER_MINUTE, windowMs: MINUTE_MS, clock });
  const open = new Set<Waiting>();

  const send = <T extends keyof typeof toPending>(
    waiting: Waiting,
    type: T,
    payload: v.InferOutput<(typeof toPending)[T]>,
  ) => waiting.ws.send(JSON.stringify({ type, ts: clock.now(), payload }));

  const turnAway = (waiting: Waiting, code: string, message: string) => {
    send(waiting, "error", { code, message });
    waiting.ws.close(CLOSE.rejected, code);
  };

  const turnAwayFor = (waiting: Waiting, end: PendingEnd) => turnAway(waiting, end, ENDS[end]);

  /** A machine has one connection: its newest. */
  const closeOthers = (newest: Waiting) => {
    for (const other of open)
      if (other !== newest && other.hasProven && other.pendingId === newest.pendingId)
        other.ws.close(1000, "replaced by a newer connection");
  };

  const prove = (pendingId: string, nonce: string, proof: Proof): Refusal | null => {
    try {
      return announcements.prove(pendingId, nonce, proof) ? null : PROOF_INVALID;
    } catch (error) {
      if (error instanceof Refusal) return error;
      throw error;
    }
  };

  /** Tells the machine its current state. */
  const publishState = (waiting: Waiting) => {
    const row = findPendingHost(db, waiting.pendingId);
    if (!row) turnAwayFor(waiting, announcements.endOf(waiting.pendingId));
    else if (row.enrolledHostId === null) send(waiting, "pending.waiting", { expires_at: row.expiresAt });
    else if (findHost(db, row.enrolledHostId)) {
      send(waiting, "enrolled", answerFor(row.enrolledHostId, waiting.origin));
      waiting.ws.close(1000, "enrolled");
    }
  };

  const endFor = (pendingId: string, origin: string): SocketEnd => {
    let waiting: Waiting;
    const nonce = randomBytes(32).toString("base64url");
    return {
      open(ws) {
        waiting = { ws, pendingId, origin, openedAt: clock.now(), hasProven: false };
        open.add(waiting);
        if (findPendingHost(db, pendingId)) send(waiting, "pending.challenge", { nonce });
        else turnAwayFor(waiting, announcements.endOf(pendingId));
      },
      message(_ws, frame) {
        if (waiting.hasProven) return;
        if (frame.length > LONGEST_PROOF) {
          waiting.ws.close(CLOSE.rejected, "message too long");
          return;
        }
        const parsed = parseFromPending(frame);
        if (!parsed.ok) return;
        const refusal = prove(pendingId, nonce, parsed.message.payload);
        if (refusal) {
          turnAway(waiting, refusal.code, refusal.message);
          return;
        }
        waiting.hasProven = true;
        closeOthers(waiting);
        publishState(waiting);
      },
      close: () => void open.delete(waiting),
      drain() {},
    };
  };

  bus.on("pending.changed", ({ pendingId }) => {
    for (const waiting of open) if (waiting.pendingId === pendingId && waiting.hasProven) publishState(waiting);
  });

  /** Closes sockets without a proof, and expired ones. */
  const sweep = () => {
    const now = clock.now();
    for (const waiting of open) {
      if (!waiting.hasProven && now - waiting.openedAt > PROOF_WITHIN_MS) waiting.ws.close(CLOSE.rejected, "no proof");
      else if (waiting.hasProven && !findPendingHost(db, waiting.pendingId)) publishState(waiting);
    }
  };

  return {
    ticks: [{ name: "pending connections", everyMs: SECOND_MS, run: sweep }],
    routes: [
      publicRoute({
        method: "GET",
        path: "/ws/agent/pending",
        summary: "The WebSocket of a machine that waits to be accepted",
        answers: "websocket",
        errors: { 400: ["not_a_websocket"], 429: ["too_many_attempts"], 503: ["draining"] },
        query: v.strictObject({ id: v.pipe(v.string(), v.maxLength(64)) }),
        handle: ({ c, query, from }) => {
          if (isDraining()) throw new Refusal(503, "draining", "The server is shutting down.");
          const wait = strangers.hit(from.network);
          if (wait !== null)
            throw new Refusal(429, "too_many_attempts", "Too many connection attempts. Try again later.", {}, wait);
          if (c.env.upgrade(c.req.raw, endFor(query.id, from.origin))) return new Response(null);
          throw new Refusal(400, "not_a_websocket", "This address accepts WebSocket connections only.");
        },
      }),
    ],
  };
}
