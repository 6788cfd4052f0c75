/** Addresses have one canonical spelling, and networks contain their addresses. */
import { expect, test } from "bun:test";
import { type Cidr, canonicalAddress, cidrMatcher, networkOf, parseCidr } from "./addresses.ts";

test("an address has one canonical spelling", () => {
  for (const text of ["203.0.113.7", "203.0.113.7:4711", " 203.0.113.7 ", "::ffff:203.0.113.7", "::FFFF:cb00:7107"])
    expect(canonicalAddress(text)).toBe("203.0.113.7");
  expect(canonicalAddress("[::ffff:203.0.113.7]:4711")).toBe("203.0.113.7");
  for (const text of ["2001:DB8::1", "2001:db8:0:0:0:0:0:1", "[2001:db8::1]:443", "[2001:db8::1]", "2001:db8::1%eth0"])
    expect(canonicalAddress(text)).toBe("2001:db8::1");
  expect(canonicalAddress("::1")).toBe("::1");
});

test("anything that is not an address is null", () => {
  for (const text of [
    "",
    "unknown",
    "_hidden",
    "1.2.3",
    "1.2.3.4.5",
    "2001:db8::1::2",
    "[::1",
    "300.1.1.1",
    "::1:99999",
  ])
    expect(canonicalAddress(text)).toBeNull();
});

test("limits count IPv4 by address and IPv6 by /64", () => {
  expect(networkOf("::ffff:203.0.113.7")).toBe("203.0.113.7");
  expect(networkOf("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1:2::/64");
  expect(networkOf("2001:DB8:1:2::9")).toBe(networkOf("2001:db8:1:2:ffff::"));
  expect(networkOf("2001:db8:1:3::9")).not.toBe(networkOf("2001:db8:1:2::9"));
  expect(networkOf("nonsense")).toBe("unknown");
});

const matcher = (...networks: string[]) => cidrMatcher(networks.map((text) => parseCidr(text) as Cidr));

test("a proxy is recognised however its address or network is written", () => {
  for (const network of ["10.1.0.0/16", "::ffff:10.1.0.0/112"]) {
    const isProxy = matcher(network);
    for (const address of ["10.1.2.3", "::ffff:10.1.2.3", "::FFFF:0a01:0203", "10.1.2.3:443"])
      expect(isProxy(address)).toBe(true);
    for (const address of ["10.2.0.1", "::10.1.2.3", "", "unknown"]) expect(isProxy(address)).toBe(false);
  }
  expect(matcher("2001:DB8::/32")("[2001:db8:1::9]:443")).toBe(true);
});

test("anything that is not a network is refused", () => {
  for (const text of ["10.0.0.0/33", "::1/129", "10.0.0.0/8/8", "proxy", "::ffff:10.0.0.0/8"])
    expect(parseCidr(text)).toBeNull();
});
