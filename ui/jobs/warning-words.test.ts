// What makes a job amber, in words: every cause has its own, and what an older agent did not tell stays a number.
import { expect, test } from "bun:test";
import { WARNING_CODES } from "../../shared/jobs.ts";
import { warningsInShort } from "../hosts/words.tsx";
import { causeInFull, causesInWords, topicOf } from "./warning-words.ts";

test("every code has words of its own, with what to do", () => {
  expect(new Set(WARNING_CODES.map(topicOf)).size).toBe(WARNING_CODES.length);
  for (const code of WARNING_CODES)
    for (const count of [1, 2]) {
      const { reason, remedy } = causeInFull({ code, count });
      expect(reason).toMatch(/^[A-Z0-9].*\.$/);
      expect(remedy).toMatch(/^[A-Z].*[.?]$/);
    }
});

test("in short, with what is not explained as a number", () => {
  const causes = [
    { code: "unreadable" as const, count: 3 },
    { code: "post_hook_failed" as const, count: 1 },
  ];
  expect(causesInWords(causes, 4)).toBe("3 files unreadable, post-hook failed");
  expect(causesInWords(causes, 5)).toBe("3 files unreadable, post-hook failed, 1 more warning");
  expect(causesInWords([], 2)).toBe("2 warnings");
});

test("a narrow cell names one cause, counts several, and says first that nothing was saved", () => {
  const last = { status: "warning" as const, at: 0, warnings: 1, causes: [], savedNothing: false };
  const causes = [{ code: "only_link_saved" as const, count: 1 }];
  expect(warningsInShort({ ...last, causes })).toBe("only a link saved");
  expect(warningsInShort({ ...last, causes, savedNothing: true })).toBe("no files saved");
  expect(warningsInShort({ ...last, warnings: 2 })).toBe("2 warnings");
});
