/** Battery and metered networks of travelling machines. */
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createCleanup } from "../../tests/testbed/temp.ts";
import { isBatteryLow } from "./roaming.ts";

const cleanup = createCleanup();
afterAll(() => cleanup.run());

async function supplies(parts: Record<string, Record<string, string>>): Promise<string> {
  const folder = await cleanup.tempFolder();
  for (const [name, files] of Object.entries(parts)) {
    mkdirSync(join(folder, name));
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, name, file), `${text}\n`);
  }
  return folder;
}

test("little battery counts only without mains", async () => {
  const battery = (capacity: string) => ({ type: "Battery", capacity });
  const mains = (online: string) => ({ type: "Mains", online });
  expect(isBatteryLow(await supplies({ BAT0: battery("29"), AC: mains("0") }))).toBe(true);
  expect(isBatteryLow(await supplies({ BAT0: battery("30"), AC: mains("0") }))).toBe(false);
  expect(isBatteryLow(await supplies({ BAT0: battery("5"), AC: mains("1") }))).toBe(false);
  expect(isBatteryLow(await supplies({ BAT0: battery("5"), BAT1: battery("80") }))).toBe(false);
});

test("a mouse's battery and a machine without any do not count", async () => {
  expect(isBatteryLow(await supplies({ hid: { type: "Battery", scope: "Device", capacity: "3" } }))).toBe(false);
  expect(isBatteryLow(await supplies({}))).toBe(false);
  expect(isBatteryLow("/nowhere")).toBe(false);
});
