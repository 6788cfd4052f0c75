/** The command `serve`: listens until a stop signal, then shuts down within ten seconds. */
import type { Server } from "bun";
import { SigningKeyProblem } from "./agent-updates/signing.ts";
import type { WiredServer } from "./features.ts";
import type { SocketEnd } from "./http/sockets.ts";
import { socketHandlers } from "./http/sockets.ts";
import { openData } from "./open-data.ts";
import type { Config } from "./runtime/config.ts";
import { createTurns } from "./runtime/turns.ts";
import { wire } from "./wiring.ts";

const DRAIN_WITHIN_MS = 10_000;
const AGENT_SOCKET = /^[a-z]+:\/\/[^/?#]*\/ws\/agent(?:[?#]|$)/;
const AGENTS_LET_IN_AT_ONCE = 4;
const SOCKET_IDLE_SECONDS = 120;
const MAX_SOCKET_BACKLOG_BYTES = 64 * 1024 * 1024;

/**
 * @param checkAnswers for tests: an undeclared answer of the REST API becomes a 500
 * @returns the exit code
 */
export async function serve({ checkAnswers = false } = {}): Promise<number> {
  const opened = await openData({ exclusive: true });
  if (!opened.ok) {
    for (const problem of opened.problems) console.error(problem);
    return 1;
  }
  const { parts, close } = opened;
  const { config, log } = parts;
  const dev = process.execArgv.includes("--watch");
  const wired = await wire(parts, { dev, checkAnswers: dev || checkAnswers }).catch((error: unknown) => {
    if (!(error instanceof SigningKeyProblem)) throw error;
    console.error(error.message);
    return null;
  });
  if (!wired) {
    close();
    return 1;
  }
  const server = tryToListen(config, wired, (error) =>
    log.error("a WebSocket handler failed", {
      why: error instanceof Error ? (error.stack ?? error.message) : String(error),
    }),
  );
  if (!server) {
    wired.drain();
    close();
    return 1;
  }
  announce(server, wired, config);
  await stopSignal();
  log.info("stop signal received; shutting down");
  const limit = setTimeout(() => process.exit(1), DRAIN_WITHIN_MS);
  wired.drain();
  await server.stop(true);
  close();
  clearTimeout(limit);
  return 0;
}

function tryToListen(...parts: Parameters<typeof listen>): Server<SocketEnd> | null {
  try {
    return listen(...parts);
  } catch (error) {
    const { hostname, port } = parts[0].listen;
    console.error(
      `Cannot listen on ${hostname}:${port} (RM_LISTEN): ${error instanceof Error ? error.message : error}`,
    );
    return null;
  }
}

function listen(config: Config, { app }: WiredServer, onError: (error: unknown) => void): Server<SocketEnd> {
  const handlers = socketHandlers(onError);
  const agents = createTurns(AGENTS_LET_IN_AT_ONCE);
  const answer = async (request: Request, server: Server<SocketEnd>) =>
    await app.fetch(request, {
      ip: server.requestIP(request)?.address ?? "",
      upgrade: (raw: Request, data: unknown) => server.upgrade(raw, { data: data as SocketEnd }),
    });
  /** After a restart thousands of agents connect within a second, and would delay all other requests. */
  const answerInTurn = (request: Request, server: Server<SocketEnd>) =>
    new Promise<Response>((resolve, reject) => {
      agents.take(() => {
        if (request.signal.aborted) resolve(new Response(null, { status: 503 }));
        else answer(request, server).then(resolve, reject);
      });
    });
  return Bun.serve<SocketEnd>({
    hostname: config.listen.hostname,
    port: config.listen.port,
    ...(config.tls ? { tls: { cert: Bun.file(config.tls.certFile), key: Bun.file(config.tls.keyFile) } } : {}),
    maxRequestBodySize: 2 * 1024 * 1024,
    idleTimeout: 60,
    fetch: (request, server) =>
      AGENT_SOCKET.test(request.url) ? answerInTurn(request, server) : answer(request, server),
    websocket: {
      ...handlers,
      idleTimeout: SOCKET_IDLE_SECONDS,
      sendPings: true,
      maxPayloadLength: 1024 * 1024,
      backpressureLimit: MAX_SOCKET_BACKLOG_BYTES,
    },
  });
}

/** Prints plain lines on stdout, for people and for the process that started us. The log goes to stderr. */
function announce(server: Server<SocketEnd>, { firstRun }: WiredServer, config: Config): void {
  const host =
    config.listen.hostname === "0.0.0.0" || config.listen.hostname === "::" ? "localhost" : config.listen.hostname;
  const origin =
    config.baseUrl ?? `${config.tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${server.port}`;
  const token = firstRun.token();
  const lines = [
    `restic-manager listens on ${origin}`,
    ...(token ? ["First run. Open this link to create the first admin:", `${origin}/login?setup=${token}`] : []),
    ...(config.baseUrl ? [] : ["RM_BASE_URL is not set. Links and install commands use the address of each request."]),
    "Press Ctrl-C to stop.",
  ];
  console.log(lines.join("\n"));
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
  });
}
