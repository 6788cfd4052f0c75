// A server that hands out the real install scripts with the stub agent, and a damaged one on request.
import { join } from "node:path";

const INSTALL = join(import.meta.dir, "../../install");
const STUB = await Bun.file(join(import.meta.dir, "stub-agent.sh")).bytes();

export type StubSite = {
  origin: string;
  /** What `/agent/binary` gives from now on; default: the stub. */
  serve(bytes: Uint8Array): void;
  /** The version that the manifest names, with the agent's bytes changed to fit. */
  release(version: string): void;
  requests: string[];
  close(): Promise<void>;
};

/** Starts it on loopback; by HTTPS when a key and a certificate (PEM) are given. */
export function startStubSite(tls?: { key: string; cert: string }): StubSite {
  let agent: Uint8Array = STUB;
  let served: Uint8Array = STUB;
  let version = "1.0.0";
  const requests: string[] = [];
  const server: Bun.Server<undefined> = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    ...(tls ? { tls } : {}),
    fetch: (request) => {
      const { pathname } = new URL(request.url);
      requests.push(`${pathname} ${request.headers.get("accept-encoding") ?? ""}`);
      if (pathname === "/agent/manifest.json") return Response.json(manifest(agent, version));
      if (pathname === "/agent/binary") return binary(served, request.headers.get("accept-encoding"));
      if (pathname === "/install.sh") return script(server.url.origin);
      return new Response(Bun.file(join(INSTALL, pathname.replace("/install/", ""))));
    },
  });
  return {
    origin: server.url.origin,
    serve: (bytes) => {
      served = bytes;
    },
    release: (next) => {
      version = next;
      agent = new Uint8Array([...STUB, ...new TextEncoder().encode(`\n# ${next}\n`)]);
      served = agent;
    },
    requests,
    close: () => server.stop(true),
  };
}

function manifest(agent: Uint8Array, version: string) {
  const common = { os: "linux", version, size: agent.length, sha256: Bun.SHA256.hash(agent, "hex") };
  const other = { ...common, sha256: "0".repeat(64) };
  const files = [
    { kind: "restic", name: "restic", arch: "x64", ...other },
    { kind: "agent", name: "restic-manager-agent", arch: "x64", ...common },
    { kind: "agent", name: "restic-manager-agent", arch: "arm64", ...common },
  ];
  return { version, files, jws: "e30.e30.c2ln" };
}

function binary(bytes: Uint8Array, accepted: string | null): Response {
  if (!accepted?.includes("gzip")) return new Response(bytes as BodyInit);
  return new Response(Bun.gzipSync(bytes as Uint8Array<ArrayBuffer>), { headers: { "content-encoding": "gzip" } });
}

async function script(origin: string): Promise<Response> {
  const text = await Bun.file(join(INSTALL, "install.sh")).text();
  return new Response(text.replace("'@SERVER_URL@'", `'${origin}'`).replace("'@CERT_PIN@'", "''"));
}
