import { expect, test } from "bun:test";
import { canonicalAddress, networkOf } from "./addresses.ts";

test("an address has one spelling, whoever wrote it", () => {
  for (const text of ["203.0.113.7", "203.0.113.7:4711", " 203.0.113.7 ", "::ffff:203.0.113.7", "::FFFF:cb00:7107"])
    expect(canonicalAddress(text)).toBe("203.0.113.7");
  expect(canonicalAddress("[::ffff:203.0.113.7]:4711")).toBe("203.0.113.7");
  for (const text of ["2001:DB8::1", "2001:db8:0:0:0:0:0:1", "[2001:db8::1]:443", "[2001:db8::1]", "2001:db8::1%eth0"])
    expect(canonicalAddress(text)).toBe("2001:db8::1");
  expect(canonicalAddress("::1")).toBe("::1");
});

test("what is no address is none", () => {
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
