import { expect, test } from "bun:test";
import { hostStatus } from "./rules.ts";

const fine = {
  isOnline: true,
  driftSince: null,
  repos: [{ status: "ready" as const }],
  targets: [{ lastStatus: "succeeded" as const }],
};

test("a host with a problem is degraded, and offline comes before everything", () => {
  expect(hostStatus(fine, 0)).toBe("online");
  expect(hostStatus({ ...fine, targets: [{ lastStatus: "failed" }] }, 0)).toBe("degraded");
  expect(hostStatus({ ...fine, repos: [{ status: "waiting" }] }, 0)).toBe("degraded");
  expect(hostStatus({ ...fine, driftSince: 0 }, 9 * 60_000)).toBe("online");
  expect(hostStatus({ ...fine, driftSince: 0 }, 11 * 60_000)).toBe("degraded");
  expect(hostStatus({ ...fine, isOnline: false, targets: [{ lastStatus: "failed" }] }, 0)).toBe("offline");
});
