import { expect, test } from "bun:test";
import { afterCheck, type CheckSubset, nextSubset, partsFor } from "./check-plan.ts";

const GIB = 2 ** 30;
const fresh = { checkNextPart: 1, checkParts: null, checkRoundSince: null, fullyReadSince: null };

test("the budget divides the data; nothing is read without one, and restic knows 256 parts", () => {
  expect(partsFor({ sizeBytes: 95 * GIB, checkBudgetBytes: 10 * GIB })).toBe(10);
  expect(partsFor({ sizeBytes: null, checkBudgetBytes: 10 * GIB })).toBe(1);
  expect(partsFor({ sizeBytes: 95 * GIB, checkBudgetBytes: 0 })).toBeNull();
  expect(partsFor({ sizeBytes: 9000 * GIB, checkBudgetBytes: 10 * GIB })).toBe(256);
});

test.each([1, 2, 7, 256])("%i checks read everything once, and only then it is said", (parts) => {
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
    // It grows meanwhile; the round keeps its division.
    repo = { ...repo, ...afterCheck(repo, subset, 1000 + n), sizeBytes: repo.sizeBytes + GIB };
  }
  expect(read.size).toBe(parts);
  expect(repo).toMatchObject({ fullyReadSince: 1001, checkNextPart: 1, checkParts: null, checkRoundSince: null });
  expect(nextSubset(repo)?.part).toBe(1);
});

test("a part that is told twice, or of another division, moves nothing", () => {
  const first = { ...fresh, ...afterCheck(fresh, { part: 1, parts: 3 }, 10) };
  const second = { ...first, ...afterCheck(first, { part: 2, parts: 3 }, 20) };
  expect(second.checkNextPart).toBe(3);
  expect(afterCheck(second, { part: 2, parts: 3 }, 30)).toEqual(second);
  expect(afterCheck(second, { part: 3, parts: 4 }, 30)).toEqual(second);
  expect(afterCheck(second, { part: 3, parts: 3 }, 30)).toMatchObject({ fullyReadSince: 10, checkNextPart: 1 });
});
