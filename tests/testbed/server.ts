/** A real server process with its own data folder, and a signed-in REST client. */
import { join, resolve } from "node:path";
import { collect, exitOf, readAll } from "./output.ts";
import { throwIfUndeclared } from "./undeclared.ts";

const REPOSITORY = resolve(import.meta.dir, "../..");

export type ServerProcess = {
  url: string;
  port: number;
  pid: number;
  dataDir: string;
  /** null once there is an admin. */
  setupToken: string | null;
  /** Everything that it has logged so far. */
  log(): string;
  /** SIGTERM and wait. @returns the exit code */
  stop(): Promise<number>;
  kill(signal?: NodeJS.Signals): void;
  exited: Promise<number>;
};

/** `checkAnswers`: answers that no route declares become a 500. Off where the server's speed is measured. */
export type ServerOptions = { dataDir: string; port?: number; env?: Record<string, string>; checkAnswers?: boolean };

/** Resolves when the server listens. @throws with its log when it ends before that */
export async function startServer({
  dataDir,
  port = 0,
  env = {},
  checkAnswers = true,
}: ServerOptions): Promise<ServerProcess> {
  const child = Bun.spawn(
    [process.execPath, join(REPOSITORY, "server/main.ts"), "serve", ...(checkAnswers ? ["--check-answers"] : [])],
    {
      cwd: REPOSITORY,
      env: {
        PATH: process.env["PATH"] ?? "",
        HOME: process.env["HOME"] ?? "/root",
        RM_LISTEN: `127.0.0.1:${port}`,
        RM_DATA_DIR: dataDir,
        RM_LOG_FORMAT: "text",
        ...env,
      },
      stdout: "pipe",
      stderr: "pipe",
      stdin: "ignore",
    },
  );
  const { said: log, ended } = collect(child.stderr);
  const exited = exitOf(child, ended);
  const head = await firstLines(child.stdout, (text) => text.includes("Press Ctrl-C to stop."));
  const url = /listens on (\S+)/.exec(head)?.[1];
  if (!url) {
    await exited;
    throw new Error(`the server did not start:\n${head}${log()}`);
  }
  return {
    url,
    port: Number(new URL(url).port),
    pid: child.pid,
    dataDir,
    setupToken: /setup=(\S+)/.exec(head)?.[1] ?? null,
    log,
    stop: async () => {
      child.kill("SIGTERM");
      const code = await exited;
      throwIfUndeclared(log());
      return code;
    },
    kill: (signal = "SIGKILL") => child.kill(signal),
    exited,
  };
}

/** Reads until `isEnough`, and goes on draining the pipe behind the caller's back. */
function firstLines(stream: ReadableStream<Uint8Array>, isEnough: (text: string) => boolean): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    void readAll(stream, (piece) => {
      text += piece;
      if (isEnough(text)) resolve(text);
    }).then(() => resolve(text));
  });
}

export const ADMIN = { username: "mara", password: "plum harbour lantern 42" };

export type Answer<T = Record<string, unknown>> = { status: number; body: T; headers: Headers };

export type Client = {
  cookie: string;
  csrf: string;
  request<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<Answer<T>>;
  /** @throws when the answer is not 2xx, as `get` and `post` do */
  call<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T>;
  get<T = Record<string, unknown>>(path: string): Promise<T>;
  post<T = Record<string, unknown>>(path: string, body?: unknown): Promise<T>;
};

/** Makes the first admin (or signs in) and keeps the session. */
export async function signIn(server: Pick<ServerProcess, "url" | "setupToken">, who = ADMIN): Promise<Client> {
  const first = server.setupToken
    ? await send(server.url, "POST", "/api/bootstrap", { token: server.setupToken, ...who }, {})
    : null;
  const answer = first?.status === 201 ? first : await send(server.url, "POST", "/api/auth/login", who, {});
  if (answer.status >= 300) throw new Error(`sign-in failed: ${answer.status} ${JSON.stringify(answer.body)}`);
  const cookie = /(?:__Host-)?rm_session=[^;]+/.exec(answer.headers.get("set-cookie") ?? "")?.[0] ?? "";
  return clientFor(server.url, cookie, String(answer.body["csrf_token"]));
}

function clientFor(url: string, cookie: string, csrf: string): Client {
  const request = <T>(method: string, path: string, body?: unknown) =>
    send<T>(url, method, path, body, { cookie, "x-csrf-token": csrf });
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await request<T>(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  return {
    cookie,
    csrf,
    request,
    call,
    get: (path) => call("GET", path),
    post: (path, body = {}) => call("POST", path, body),
  };
}

async function send<T = Record<string, unknown>>(
  url: string,
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<Answer<T>> {
  const response = await fetch(url + path, {
    method,
    redirect: "manual",
    headers: body === undefined ? headers : { ...headers, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json") ?? false;
  return { status: response.status, body: (isJson && text ? JSON.parse(text) : text) as T, headers: response.headers };
}
