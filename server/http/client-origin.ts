/** Works out where a request came from and which address it used for us. Forwarded headers count only behind a trusted proxy. */
import { type Cidr, canonicalAddress, cidrMatcher, networkOf } from "../runtime/addresses.ts";
import { Refusal } from "./errors.ts";
import type { AppContext, Origin } from "./routes.ts";

/** host, host:port, [v6], [v6]:port: what may appear in links and install commands. */
const HOST_PATTERN = /^(?:[a-z0-9](?:[a-z0-9.-]{0,252}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i;

export type OriginSettings = { baseUrl: string | null; trustedProxies: readonly Cidr[]; tls: boolean };

export function createOriginReader({ baseUrl, trustedProxies, tls }: OriginSettings): (c: AppContext) => Origin {
  const isProxy = cidrMatcher(trustedProxies);
  return (c) => {
    const peer = canonicalAddress(c.env?.ip ?? "127.0.0.1") ?? "unknown";
    const forwarded = isProxy(peer);
    const ip = forwarded ? lastUntrusted(c.req.header("x-forwarded-for"), peer, isProxy) : peer;
    const scheme = (forwarded && firstOf(c.req.header("x-forwarded-proto"))?.toLowerCase()) || (tls ? "https" : "http");
    const host = (forwarded && firstOf(c.req.header("x-forwarded-host"))) || c.req.header("host") || "";
    if (!baseUrl && !HOST_PATTERN.test(host))
      throw new Refusal(400, "bad_host", "The Host header is not a valid host name.");
    const origin = baseUrl ?? `${scheme === "https" ? "https" : "http"}://${host.toLowerCase()}`;
    return { ip, network: networkOf(ip), origin, secure: origin.startsWith("https:") };
  };
}

function firstOf(header: string | undefined): string | null {
  return header?.split(",")[0]?.trim() || null;
}

/** Each proxy appends its peer, so this reads from the right to the first address that is not one of our proxies. Anything else than an address ends the chain. */
function lastUntrusted(header: string | undefined, peer: string, isProxy: (ip: string) => boolean): string {
  let last = peer;
  for (const part of (header ?? "")
    .split(",")
    .filter((part) => part.trim() !== "")
    .reverse()) {
    const address = canonicalAddress(part);
    if (address === null) return last;
    last = address;
    if (!isProxy(address)) return address;
  }
  return last;
}
