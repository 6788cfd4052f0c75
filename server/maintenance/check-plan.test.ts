import { expect, test } from "bun:test";
import { DAY_MS } from "../../shared/time/clock.ts";
import { afterCheck, budgetAdvice, type CheckSubset, nextSubset, partsFor, WISHED_ROUND_DAYS } from "./check-plan.ts";

const GIB = 2 ** 30;
const fresh = { checkNextPart: 1, checkParts: null, checkRoundSince: null, fullyReadSince: null };

test("the budget divides the data, without one no data is read, and restic allows 256 parts", () => {
  expect(partsFor({ sizeBytes: 95 * GIB, checkBudgetBytes: 10 * GIB })).toBe(10);
  expect(partsFor({ sizeBytes: null, checkBudgetBytes: 10 * GIB })).toBe(1);
  expect(partsFor({ sizeBytes: 95 * GIB, checkBudgetBytes: 0 })).toBeNull();
  expect(partsFor({ sizeBytes: 9000 * GIB, checkBudgetBytes: 10 * GIB })).toBe(256);
});

test.each([1, 2, 7, 256])("%i checks read everything once, and it is reported only then", (parts) => {
  let repo: Parameters<typeof afterCheck>[0] & { sizeBytes: number; checkBudgetBytes: number } = {
    ...fresh,
    sizeBytes: parts * GIB,
    checkBudgetBytes: GIB,
  };
  const read = new Set<number>();
  for (let n = 1; n <= parts; n++) {
    const subset = nextSubset(repo) as CheckSubset;
    expect(subset.parts).toBe(parts);
    read.add(subset.part);
    expect(repo.fullyReadSince).toBeNull();
    // It grows in the meantime, and the round keeps its division.
    repo = { ...repo, ...afterCheck(repo, subset, 1000 + n), sizeBytes: repo.sizeBytes + GIB };
  }
  expect(read.size).toBe(parts);
  expect(repo).toMatchObject({ fullyReadSince: 1001, checkNextPart: 1, checkParts: null, checkRoundSince: null });
  expect(nextSubset(repo)?.part).toBe(1);
});

test("a repeated report, or one of another division, changes nothing", () => {
  const first = { ...fresh, ...afterCheck(fresh, { part: 1, parts: 3 }, 10) };
  const second = { ...first, ...afterCheck(first, { part: 2, parts: 3 }, 20) };
  expect(second.checkNextPart).toBe(3);
  expect(afterCheck(second, { part: 2, parts: 3 }, 30)).toEqual(second);
  expect(afterCheck(second, { part: 3, parts: 4 }, 30)).toEqual(second);
  expect(afterCheck(second, { part: 3, parts: 3 }, 30)).toMatchObject({ fullyReadSince: 10, checkNextPart: 1 });
});

test("a round of more than a year leads to a budget of whole GiB that reads everything in 90 days", () => {
  const monthly = { parts: 150, periodMs: 30.4 * DAY_MS };
  expect(budgetAdvice({ sizeBytes: 1500 * GIB, checkBudgetBytes: 10 * GIB }, monthly)).toEqual({
    is: "larger_budget",
    budgetBytes: 750 * GIB,
    parts: 2,
  });
  for (const gib of [530.5, 640, 2000, 90_000]) {
    const repo = { sizeBytes: Math.round(gib * GIB), checkBudgetBytes: 10 * GIB };
    const weekly = { parts: partsFor(repo) ?? 1, periodMs: 7 * DAY_MS };
    const advice = budgetAdvice(repo, weekly);
    if (advice?.is !== "larger_budget") throw new Error(`no budget for ${gib} GiB`);
    expect(advice.budgetBytes % GIB).toBe(0);
    expect(advice.parts * weekly.periodMs).toBeLessThanOrEqual(WISHED_ROUND_DAYS * DAY_MS);
    expect(partsFor({ ...repo, checkBudgetBytes: advice.budgetBytes })).toBe(advice.parts);
  }
});

test("a round within a year, no data to read or an unknown size: no advice", () => {
  const repo = { sizeBytes: 520 * GIB, checkBudgetBytes: 10 * GIB };
  expect(budgetAdvice(repo, { parts: 52, periodMs: 7 * DAY_MS })).toBeNull();
  expect(budgetAdvice({ ...repo, checkBudgetBytes: 0 }, { parts: 99, periodMs: 7 * DAY_MS })).toBeNull();
  expect(budgetAdvice({ ...repo, sizeBytes: null }, { parts: 99, periodMs: 7 * DAY_MS })).toBeNull();
});

test("with checks rarer than every 90 days no budget helps", () => {
  const repo = { sizeBytes: 50 * GIB, checkBudgetBytes: 10 * GIB };
  expect(budgetAdvice(repo, { parts: 5, periodMs: 91 * DAY_MS })).toEqual({ is: "more_often" });
});
