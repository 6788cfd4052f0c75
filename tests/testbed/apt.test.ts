/** Tests how the address of the Debian mirror is found. */
import { expect, test } from "bun:test";
import { mirrorIn } from "./apt.ts";

test("the mirror is found in the deb822 format, past comments and other archives", () => {
  const sources = `Types: deb
# http://old.example/archive/debian
URIs: http://mirror.example/debian
Suites: bookworm`;
  expect(mirrorIn(sources)).toBe("http://mirror.example/debian");
  expect(mirrorIn("Types: deb\nURIs: http://mirror.example/debian-security\nSuites: x")).toBeNull();
});

test("the mirror is found in a one-line source, with and without options", () => {
  expect(mirrorIn("deb http://a.example/debian/ bookworm main")).toBe("http://a.example/debian");
  expect(mirrorIn("deb [signed-by=/k] https://b.example/debian trixie main")).toBe("https://b.example/debian");
  expect(mirrorIn("deb https://other.example/apt stable main")).toBeNull();
});
