/** Parses and compares IP addresses and networks, in one canonical spelling. */
import { BlockList, isIP } from "node:net";

/**
 * The canonical spelling of an address: without port, brackets and zone; IPv4 inside IPv6 as IPv4; IPv6 in lower case with its longest run of
 * zeros shortened. null for anything that is not an address.
 */
export function canonicalAddress(text: string): string | null {
  const bare = withoutPort(text.trim()).replace(/%.*$/, "");
  const version = isIP(bare);
  if (version === 0) return null;
  if (version === 4) return bare;
  const groups = groupsOf(bare);
  return mappedIpv4(groups) ?? new URL(`http://[${bare}]/`).hostname.slice(1, -1);
}

/** The key for limits: an IPv4 address, or the /64 in which an IPv6 machine chooses its addresses. */
export function networkOf(address: string): string {
  const canonical = canonicalAddress(address);
  if (canonical === null) return "unknown";
  if (isIP(canonical) === 4) return canonical;
  const network = groupsOf(canonical)
    .slice(0, 4)
    .map((group) => group.toString(16));
  return `${network.join(":")}::/64`;
}

/** `1.2.3.4:567`, `[::1]:567`, `[::1]`: what proxies write. */
function withoutPort(text: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text);
  if (bracketed) return bracketed[1] ?? "";
  return /^(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}$/.exec(text)?.[1] ?? text;
}

/** The eight numbers of a valid IPv6 address. */
function groupsOf(address: string): number[] {
  const [head = "", tail] = address.split("::");
  const left = numbersOf(head);
  if (tail === undefined) return left;
  const right = numbersOf(tail);
  return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
}

function numbersOf(part: string): number[] {
  return part
    .split(":")
    .filter(Boolean)
    .flatMap((group) => {
      if (!group.includes(".")) return [Number.parseInt(group, 16)];
      const [a = 0, b = 0, c = 0, d = 0] = group.split(".").map(Number);
      return [a * 256 + b, c * 256 + d];
    });
}

function mappedIpv4(groups: readonly number[]): string | null {
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (!isMapped) return null;
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 255])
    .join(".");
}

export type Cidr = { address: string; prefix: number; family: "ipv4" | "ipv6" };

export function parseCidr(text: string): Cidr | null {
  const [address = "", prefixText, ...rest] = text.split("/");
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return null;
  const most = version === 4 ? 32 : 128;
  const prefix = prefixText === undefined ? most : Number(prefixText);
  if (!/^\d*$/.test(prefixText ?? "") || !Number.isInteger(prefix) || prefix > most) return null;
  const plain = canonicalAddress(address) ?? address;
  // IPv4 inside IPv6 is compared as IPv4, like the addresses of visitors.
  if (version === 6 && isIP(plain) === 4)
    return prefix < 96 ? null : { address: plain, prefix: prefix - 96, family: "ipv4" };
  return { address: plain, prefix, family: version === 4 ? "ipv4" : "ipv6" };
}

/** Tests whether an address is in any of the networks. IPv4-mapped IPv6 addresses count as IPv4. */
export function cidrMatcher(cidrs: readonly Cidr[]): (address: string) => boolean {
  const list = new BlockList();
  for (const { address, prefix, family } of cidrs) list.addSubnet(address, prefix, family);
  return (address) => {
    const plain = canonicalAddress(address);
    return plain !== null && list.check(plain, isIP(plain) === 4 ? "ipv4" : "ipv6");
  };
}
