/** What the agent reports about its machine. */
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isPlainHttpAllowed } from "../../shared/server-link.ts";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { proxyFor } from "../link/proxy.ts";
import { freeBytes, looksRoaming, machineId, machineZone, timeZone, vitals } from "./sysinfo.ts";

const cleanup = createCleanup();
afterAll(() => cleanup.run());

async function powerSupplies(supplies: Record<string, { type: string; scope?: string }>) {
  const folder = await cleanup.tempFolder();
  for (const [name, { type, scope }] of Object.entries(supplies)) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "type"), `${type}\n`);
    if (scope) writeFileSync(join(folder, name, "scope"), `${scope}\n`);
  }
  return folder;
}

test("a battery makes a machine roaming, a mouse's does not", async () => {
  expect(looksRoaming(await powerSupplies({ AC: { type: "Mains" }, BAT0: { type: "Battery" } }))).toBe(true);
  expect(looksRoaming(await powerSupplies({ hid: { type: "Battery", scope: "Device" } }))).toBe(false);
  expect(looksRoaming("/not/there")).toBe(false);
});

test("what every machine can tell", () => {
  expect(machineId().length).toBeGreaterThan(10);
  expect(timeZone(null)).toMatch(/^[A-Za-z]/);
  expect(timeZone("Europe/Berlin")).toBe("Europe/Berlin");
  expect(freeBytes("/not/there")).toBeNull();
  const { load, uptime_s, free_bytes_state } = vitals("/tmp");
  expect(load).toBeGreaterThanOrEqual(0);
  expect(Number.isInteger(uptime_s)).toBe(true);
  expect(free_bytes_state).toBeGreaterThan(0);
});

test("TZ in every form that names a zone; anything else is reported", () => {
  for (const name of ["Japan", "CET", "UTC", "America/Argentina/Ushuaia"])
    expect(machineZone(name)).toEqual({ name, problem: null });
  expect(machineZone(":Europe/Berlin")).toEqual({ name: "Europe/Berlin", problem: null });
  expect(machineZone("/usr/share/zoneinfo/Asia/Tokyo")).toEqual({ name: "Asia/Tokyo", problem: null });
  expect(machineZone("")).toEqual({ name: timeZone(null), problem: null });
  for (const odd of ["CET-1CEST,M3.5.0", "Mars/Olympus"]) {
    const { name, problem } = machineZone(odd);
    expect(name).toBe(timeZone(null));
    expect(problem).toContain(`TZ=${odd} is not a time zone`);
  }
});

test("proxies, and who is excepted", () => {
  const proxy = { https: "proxy:3128", http: null, none: ["localhost", ".internal", "10.0.0.1:8080"] };
  expect(proxyFor("https://backup.example", proxy)).toBe("http://proxy:3128");
  expect(proxyFor("wss://backup.example/ws/agent", proxy)).toBe("http://proxy:3128");
  expect(proxyFor("http://backup.example", proxy)).toBeNull();
  for (const name of ["localhost", "vault.internal", "internal", "10.0.0.1"])
    expect(proxyFor(`https://${name}`, proxy)).toBeNull();
  expect(proxyFor("https://notinternal", proxy)).not.toBeNull();
  expect(proxyFor("https://x", { ...proxy, none: ["*"] })).toBeNull();
});

test("plain http is for this machine only, unless the owner says otherwise", () => {
  for (const url of ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:1", "https://backup.example"]) {
    expect(isPlainHttpAllowed(url, false)).toBe(true);
  }
  for (const url of ["http://backup.example", "http://127.0.0.1.example", "http://10.0.0.1"]) {
    expect(isPlainHttpAllowed(url, false)).toBe(false);
    expect(isPlainHttpAllowed(url, true)).toBe(true);
  }
});
