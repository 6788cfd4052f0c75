/** The whole server inside the test's own process, on a real database in its own folder, without opening a socket. */
import type { Db } from "../../db/open.ts";
import { insertUser } from "../../db/queries/users.ts";
import type { Role } from "../../db/schema/users.ts";
import { newUser } from "../../server/auth/identity.ts";
import { hashPassword } from "../../server/auth/passwords.ts";
import type { WiredServer } from "../../server/features.ts";
import type { Socket, SocketEnd } from "../../server/http/sockets.ts";
import { readConfig } from "../../server/runtime/config.ts";
import { createSealer } from "../../server/runtime/seal.ts";
import { wire } from "../../server/wiring.ts";
import { createLog, type LogLevel } from "../../shared/log.ts";
import { createRedactor } from "../../shared/redact.ts";
import { type Clock, systemClock } from "../../shared/time/clock.ts";
import { openTestDb } from "./database.ts";
import type { Cleanup } from "./temp.ts";
import { throwIfUndeclared } from "./undeclared.ts";

export const ORIGIN = "http://rm.test";
export const PASSWORD = "plum harbour lantern 42";

export type TestApp = {
  db: Db;
  wired: WiredServer;
  clock: Clock & { move(ms: number): void };
  log: string[];
  /** @param ip the peer's address */
  request(path: string, init?: RequestInit, ip?: string): Promise<Response>;
  /** Opens a WebSocket without a network. @throws when it is refused */
  connect(path: string, headers: Record<string, string>, options?: ConnectOptions): Promise<InsideSocket>;
};

export type ConnectOptions = {
  /** The peer's address. */
  ip?: string;
  /** For frames that come with the opening. */
  onFrame?: (frame: string) => void;
  onClose?: () => void;
};

/** One end of a WebSocket to a server in the same process. */
export type InsideSocket = {
  send(frame: string): void;
  /** Called with every frame of the server; set it before anything is sent. */
  onFrame: (frame: string) => void;
  close(): void;
  /** By either end. */
  isClosed(): boolean;
};

export type Person = { role: Role; username: string; userId: string; cookie: string; csrf: string };

/** `settings` are the server's own, as `RM_BASE_URL`. `base` is the clock that `clock.move` adds to: the system's, or one that stands still. */
export async function startApp(
  cleanup: Cleanup,
  level: LogLevel = "warn",
  base: Clock = systemClock,
  folder: string | null = null,
  settings: Record<string, string> = {},
): Promise<TestApp> {
  return await startAppIn(folder ?? (await cleanup.tempFolder()), cleanup, level, base, settings);
}

async function startAppIn(
  folder: string,
  cleanup: Cleanup,
  level: LogLevel,
  base: Clock,
  settings: Record<string, string>,
): Promise<TestApp> {
  const db = await openTestDb(cleanup, folder);
  let moved = 0;
  const clock = {
    now: () => base.now() + moved,
    move: (ms: number) => {
      moved += ms;
    },
  };
  const redactor = createRedactor();
  const log: string[] = [];
  const read = readConfig({ ...settings, RM_DATA_DIR: folder }, false);
  if (!read.ok) throw new Error(read.errors.join("\n"));
  const parts = {
    db,
    config: read.config,
    clock,
    redactor,
    sealer: createSealer(Buffer.alloc(32, 1)),
    log: createLog({ level, format: "json", clock, redactor, write: (line) => log.push(line) }),
  };
  const wired = await wire(parts, { checkAnswers: true });
  cleanup.add(() => wired.drain());
  cleanup.add(() => throwIfUndeclared(log.join("\n")));
  const bindings = { ip: "127.0.0.1", upgrade: () => false };
  return {
    db,
    wired,
    clock,
    log,
    request: async (target, init = {}, ip = bindings.ip) => {
      const headers = new Headers(init.headers);
      if (!headers.has("host")) headers.set("host", new URL(ORIGIN).host);
      return await wired.app.fetch(new Request(ORIGIN + target, { ...init, headers }), { ...bindings, ip });
    },
    connect: async (target, given, { ip = bindings.ip, ...heard } = {}) => {
      let end: SocketEnd | null = null;
      const upgrade = (_request: Request, data: unknown) => {
        end = data as SocketEnd;
        return true;
      };
      const headers = new Headers({ host: new URL(ORIGIN).host, ...given });
      const answer = await wired.app.fetch(new Request(ORIGIN + target, { headers }), { ip, upgrade });
      if (!end) throw new Error(`${target} answered ${answer.status}`);
      return insideSocket(end, heard);
    },
  };
}

function insideSocket(end: SocketEnd, { onFrame, onClose }: Omit<ConnectOptions, "ip">): InsideSocket {
  const inside: InsideSocket = {
    onFrame: onFrame ?? (() => undefined),
    isClosed: () => socket.readyState === WebSocket.CLOSED,
    send: (frame) => end.message(ws, frame),
    close() {
      socket.readyState = WebSocket.CLOSED;
      end.close(ws, 1000);
      onClose?.();
    },
  };
  const socket = {
    readyState: WebSocket.OPEN as number,
    send(frame: string) {
      inside.onFrame(frame);
      return frame.length;
    },
    close: () => inside.close(),
  };
  const ws = socket as unknown as Socket;
  end.open(ws);
  return inside;
}

let passwordHash: Promise<string> | null = null;

/** Makes a user of this role and signs in. */
export async function signInAs(app: TestApp, role: Role, username: string = role): Promise<Person> {
  passwordHash ??= hashPassword(PASSWORD);
  const user = newUser({ username, role, passwordHash: await passwordHash }, app.clock.now());
  insertUser(app.db, user);
  const answer = await app.request("/api/auth/login", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username, password: PASSWORD }),
  });
  const cookie = /(?:__Host-)?rm_session=[^;]+/.exec(answer.headers.get("set-cookie") ?? "")?.[0] ?? "";
  const body = (await answer.json()) as { csrf_token: string };
  return { role, username, userId: user.id, cookie, csrf: body.csrf_token };
}
