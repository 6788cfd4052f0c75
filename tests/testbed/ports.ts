// Ports for servers that stop and come back on the same port.
import { readFileSync } from "node:fs";
import { createServer } from "node:net";

/** Below it many programs have their usual place. */
const LOWEST = 20_000;

/**
 * A free loopback port from below the range out of which the kernel serves port 0 and outgoing connections:
 * while its server is away, nothing else on the machine is given it.
 */
export async function quietPort(): Promise<number> {
  const below = firstEphemeralPort();
  for (;;) {
    const port = below > LOWEST ? LOWEST + Math.floor(Math.random() * (below - LOWEST)) : 0;
    const free = await listenOnce(port);
    if (free !== null) return free;
  }
}

function firstEphemeralPort(): number {
  try {
    return Number(readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").split(/\s+/)[0]);
  } catch {
    return 0;
  }
}

function listenOnce(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(null));
    probe.listen(port, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" ? (address?.port ?? null) : null));
    });
  });
}
