// A real rest-server on loopback: private repositories, htpasswd users, append-only or with deletes.
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openRestUsers } from "./rest-users.ts";
import { ensureTool } from "./tools.ts";

export type RestServerOptions = {
  /** Data folder, made when missing. Two servers may share one: an append-only and a deleting one. */
  root: string;
  appendOnly: boolean;
  /** Each user has a folder of its own and nothing else; unless told otherwise. */
  privateRepos?: boolean;
  /** PEM files for HTTPS. */
  tls?: { cert: string; key: string };
  /** A fixed port, for a server that comes back at the same place; any free one by default. */
  port?: number;
  /** Largest size of the data folder, in bytes: writing more gives 507. */
  maxSizeBytes?: number;
};

export type RestServer = {
  port: number;
  pid: number;
  /** The repository URL without credentials: `rest:http://127.0.0.1:PORT/USER/PATH/`. */
  url(user: string, path: string): string;
  /** Adds a user or changes the password; it counts at once, on every server that shares the root. */
  addUser(name: string, password: string): Promise<void>;
  /** The user is refused from now on, on every server that shares the root. */
  removeUser(name: string): Promise<void>;
  /** A whole htpasswd line as the product prints it; `password` is what it was made from. */
  addLine(line: string, password: string): Promise<void>;
  /** All requests so far, in combined log format. */
  requestLog(): Promise<string>;
  /** Freezes the process: connections are accepted by the kernel, nobody answers. */
  stop(): void;
  cont(): void;
  close(): Promise<void>;
} & AsyncDisposable;

/** Starts a rest-server and resolves once it listens. @throws with its output when it ends instead. */
export async function startRestServer(options: RestServerOptions): Promise<RestServer> {
  const program = await ensureTool("rest-server");
  const users = await openRestUsers(options.root);
  const requests = join(options.root, `.requests-${crypto.randomUUID()}.log`);
  await mkdir(options.root, { recursive: true });
  await writeFile(requests, "");
  const child = Bun.spawn([program, ...serverArguments(options, users.file, requests)], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const port = await listeningPort(child);
  const scheme = options.tls ? "https" : "http";
  const forget = await users.announce({ pid: child.pid, origin: `${scheme}://127.0.0.1:${port}` });

  async function close(): Promise<void> {
    child.kill("SIGCONT");
    child.kill("SIGTERM");
    await child.exited;
    await forget();
    await rm(requests, { force: true });
  }

  return {
    port,
    pid: child.pid,
    url: (user, path) => `rest:${scheme}://127.0.0.1:${port}/${user}/${path}/`,
    addUser: users.add,
    removeUser: users.remove,
    addLine: users.addLine,
    requestLog: () => readFile(requests, "utf8"),
    stop: () => child.kill("SIGSTOP"),
    cont: () => child.kill("SIGCONT"),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function serverArguments(options: RestServerOptions, htpasswd: string, requests: string): string[] {
  return [
    ...["--listen", `127.0.0.1:${options.port ?? 0}`, "--path", options.root],
    ...["--htpasswd-file", htpasswd, "--log", requests],
    ...(options.privateRepos === false ? [] : ["--private-repos"]),
    ...(options.appendOnly ? ["--append-only"] : []),
    ...(options.tls ? ["--tls", "--tls-cert", options.tls.cert, "--tls-key", options.tls.key] : []),
    ...(options.maxSizeBytes === undefined ? [] : ["--max-size", String(options.maxSizeBytes)]),
  ];
}

/** Reads the server's output until it names its port; goes on draining so that it never blocks. */
async function listeningPort(child: Bun.Subprocess<"ignore", "ignore", "pipe">): Promise<number> {
  const reader = child.stderr.getReader();
  const decoder = new TextDecoder();
  let said = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`rest-server ended before it listened:\n${said}`);
    said += decoder.decode(value, { stream: true });
    const port = /start server on \S+:(\d+)/i.exec(said)?.[1];
    if (port === undefined) continue;
    reader.releaseLock();
    void child.stderr.pipeTo(new WritableStream());
    return Number(port);
  }
}
