import { expect, test } from "bun:test";
import { cidrMatcher, parseCidr } from "./addresses.ts";
import { describeConfig, readConfig } from "./config.ts";

test("the defaults are complete", () => {
  const outcome = readConfig({}, true);
  expect(outcome).toMatchObject({
    ok: true,
    config: {
      listen: { hostname: "0.0.0.0", port: 8080 },
      baseUrl: null,
      logFormat: "text",
      jobLostAfterMs: 86_400_000,
    },
  });
});

test("all errors are reported at once", () => {
  const outcome = readConfig({
    RM_LISTEN: "nowhere",
    RM_BASE_URL: "ftp://x",
    RM_TRUSTED_PROXY: "10.0.0.0/99",
    RM_LOG_LEVEL: "loud",
    RM_JOB_LOST_AFTER: "soon",
    RM_SECRET_KEY: "abc",
    RM_TLS_CERT: "/x.pem",
  });
  expect(outcome.ok).toBe(false);
  if (outcome.ok) return;
  for (const name of [
    "RM_LISTEN",
    "RM_BASE_URL",
    "RM_TRUSTED_PROXY",
    "RM_LOG_LEVEL",
    "RM_JOB_LOST_AFTER",
    "RM_SECRET_KEY",
    "RM_TLS_KEY",
  ]) {
    expect(outcome.errors.join("\n")).toContain(name);
  }
  expect(outcome.errors).toHaveLength(7);
});

test("the listing masks secrets", () => {
  const key = "ab".repeat(32);
  const lines = describeConfig({ RM_SECRET_KEY: key }).join("\n");
  expect(lines).not.toContain(key);
  expect(lines).toContain("RM_SECRET_KEY=********");
});

test("networks contain their addresses, including IPv4-mapped IPv6", () => {
  const inside = cidrMatcher([parseCidr("10.1.0.0/16"), parseCidr("::1")].filter((c) => c !== null));
  expect(["10.1.2.3", "::ffff:10.1.2.3", "::1"].map(inside)).toEqual([true, true, true]);
  expect(["10.2.0.1", "::2", "not an address"].map(inside)).toEqual([false, false, false]);
  expect(["10.0.0.0/33", "10.0.0/8", "x", "1.2.3.4/8/9"].map(parseCidr)).toEqual([null, null, null, null]);
});
