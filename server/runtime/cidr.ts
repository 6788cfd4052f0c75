/** Networks in CIDR form, for "is this peer one of our proxies?". */
import { BlockList, isIP } from "node:net";
import { canonicalAddress } from "./addresses.ts";

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

/** A test for membership in any of the networks; IPv4 addresses in IPv6 clothes count as IPv4. */
export function cidrMatcher(cidrs: readonly Cidr[]): (address: string) => boolean {
  const list = new BlockList();
  for (const { address, prefix, family } of cidrs) list.addSubnet(address, prefix, family);
  return (address) => {
    const plain = canonicalAddress(address);
    return plain !== null && list.check(plain, isIP(plain) === 4 ? "ipv4" : "ipv6");
  };
}
