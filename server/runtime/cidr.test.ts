import { expect, test } from "bun:test";
import { type Cidr, cidrMatcher, parseCidr } from "./cidr.ts";

const matcher = (...networks: string[]) => cidrMatcher(networks.map((text) => parseCidr(text) as Cidr));

test("a proxy is known by its address in whatever spelling it or its network is written", () => {
  for (const network of ["10.1.0.0/16", "::ffff:10.1.0.0/112"]) {
    const isProxy = matcher(network);
    for (const address of ["10.1.2.3", "::ffff:10.1.2.3", "::FFFF:0a01:0203", "10.1.2.3:443"])
      expect(isProxy(address)).toBe(true);
    for (const address of ["10.2.0.1", "::10.1.2.3", "", "unknown"]) expect(isProxy(address)).toBe(false);
  }
  expect(matcher("2001:DB8::/32")("[2001:db8:1::9]:443")).toBe(true);
});

test("what is no network is refused", () => {
  for (const text of ["10.0.0.0/33", "::1/129", "10.0.0.0/8/8", "proxy", "::ffff:10.0.0.0/8"])
    expect(parseCidr(text)).toBeNull();
});
