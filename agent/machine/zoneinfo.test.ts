/** Time zones from the system's tables, compared with Intl, which has its own. */
import { expect, test } from "bun:test";
import { createZone } from "../../shared/time/zone.ts";
import { createRandom } from "../../tests/testbed/random.ts";
import { knowsZone, openZone } from "./zoneinfo.ts";
import { readPosixRule } from "./zoneinfo-rule.ts";

const ZONES = [
  ...["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/St_Johns", "UTC"],
  ...["America/Sao_Paulo", "Pacific/Auckland", "Asia/Kathmandu", "Pacific/Kiritimati", "Europe/Dublin"],
];
const HOUR = 3_600_000;
const at = (text: string) => Date.parse(text);

test.each(ZONES)("%s: every moment of eighty years agrees with Intl", (name) => {
  const ours = openZone(name);
  const theirs = createZone(name);
  const random = createRandom(name.length);
  for (let n = 0; n < 3000; n++) {
    const moment = Math.floor(at("1975-01-01T00:00Z") + random() * (at("2055-01-01T00:00Z") - at("1975-01-01T00:00Z")));
    expect([name, new Date(moment).toISOString(), ours.offset(moment)]).toEqual([
      name,
      new Date(moment).toISOString(),
      theirs.offset(moment),
    ]);
  }
});

test("the second before and after a change, listed or by rule", () => {
  for (const zone of [openZone("Europe/Berlin"), { offset: (ms: number) => 1000 * berlin.offset(ms / 1000) }]) {
    expect(zone.offset(at("2026-03-29T00:59:59Z"))).toBe(HOUR);
    expect(zone.offset(at("2026-03-29T01:00:00Z"))).toBe(2 * HOUR);
    expect(zone.offset(at("2045-10-29T00:59:59Z"))).toBe(2 * HOUR);
    expect(zone.offset(at("2045-10-29T01:00:00Z"))).toBe(HOUR);
  }
});
const berlin = readPosixRule("CET-1CEST,M3.5.0,M10.5.0/3")!;

test("rules of every form", () => {
  const offsetAt = (rule: string, time: string) => readPosixRule(rule)?.offset(at(time) / 1000);
  expect(offsetAt("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2040-01-01T00:00Z")).toBe(11 * 3600);
  expect(offsetAt("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2040-07-01T00:00Z")).toBe(10.5 * 3600);
  expect(offsetAt("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2040-07-01T00:00Z")).toBe(-3600);
  expect(offsetAt("IST-1GMT0,M10.5.0,M3.5.0/1", "2040-01-01T00:00Z")).toBe(0);
  expect(offsetAt("UTC0", "2040-01-01T00:00Z")).toBe(0);
  expect(offsetAt("AAA0BBB,J60,300", "2040-03-01T01:59:59Z")).toBe(0);
  expect(offsetAt("AAA0BBB,J60,300", "2040-03-01T02:00:00Z")).toBe(3600);
  expect(readPosixRule("")).toBeNull();
  expect(readPosixRule("CET-1CEST")).toBeNull();
});

test("a machine without tables asks Intl; names lead nowhere else", () => {
  expect(openZone("Europe/Berlin", "/nowhere").offset(at("2026-07-01T00:00Z"))).toBe(2 * HOUR);
  expect(openZone("../../../etc/passwd").offset(0)).toBe(0);
  expect([knowsZone("Europe/Berlin"), knowsZone("UTC"), knowsZone("Mars/Olympus")]).toEqual([true, true, false]);
});
