// What became of the newest settings of a host, in words that need no knowledge of versions.
import { expect, test } from "bun:test";
import { createDates } from "../format.ts";
import { Settings, type SettingsFacts } from "./settings-sync.tsx";

const NOW = Date.UTC(2026, 10, 20, 12, 50);
const AT_1240 = NOW - 10 * 60_000;

function html(facts: Partial<SettingsFacts>): string {
  const host = {
    stateVersion: 7,
    appliedStateVersion: 5,
    driftSince: AT_1240,
    status: "online",
    problems: [],
    ...facts,
  } as const;
  return String(<Settings host={host} view={{ now: NOW, dates: createDates("UTC") }} />);
}
const words = (facts: Partial<SettingsFacts>) =>
  html(facts)
    .replace(/<[^>]+>/g, "")
    .replace(/\s+/g, " ")
    .trim();

test("a host that has them is quiet", () => {
  expect(words({ appliedStateVersion: 7, driftSince: null })).toBe("settings up to date");
});

test("changes are being sent, wait for the host, or are stuck", () => {
  expect(words({ driftSince: AT_1240 + 1 })).toBe("sending changes from today 12:40");
  expect(words({ status: "offline" })).toBe(
    "changes from today 12:40 are sent when it is online; until then it keeps its previous settings",
  );
  expect(words({})).toStartWith("changes from today 12:40 have not been applied and are being resent");
});

test("a new host gets its first ones", () => {
  expect(words({ appliedStateVersion: null })).toBe("sending its first settings");
  expect(words({ appliedStateVersion: null, status: "offline" })).toBe("gets its settings when it connects");
});

test("what could not be applied or saved is not green", () => {
  const refused = { is: "schedule", id: "x", message: "It never runs" } as const;
  const upToDate = { appliedStateVersion: 7, driftSince: null };
  expect(words({ ...upToDate, problems: [refused] })).toBe("settings up to date, but some could not be applied");
  expect(html({ ...upToDate, problems: [refused] })).not.toContain("is-ok");
  const unsaved = { is: "not_saved", message: "disk is full" } as const;
  expect(words({ problems: [unsaved] })).toBe("could not save its settings, retrying every minute");
  expect(html({ problems: [unsaved] })).toContain("is-warning");
});

test("versions are for those who hover", () => {
  for (const applied of [5, null]) expect(words({ appliedStateVersion: applied })).not.toMatch(/version/i);
  expect(html({})).toContain('title="Settings version 7, applied: 5"');
  expect(html({ appliedStateVersion: null })).toContain("applied: none yet");
});
