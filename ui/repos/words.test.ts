// A failed repo's reason and remedy, each said once.
import { expect, test } from "bun:test";
import { failureOf } from "./words.tsx";

test("what an agent says is parted into a reason and what to do", () => {
  const statusMessage =
    "There is no repository at this address: check the URL, or whether the disk behind it is mounted";
  expect(failureOf({ statusCode: "repo_missing", statusMessage })).toEqual({
    reason: "There is no repository at this address.",
    remedy: "Check the URL, or whether the disk behind it is mounted.",
  });
});

test("two sentences are two sentences", () => {
  const statusMessage = "Another repository answers at this address than before. Nothing is written to it.";
  expect(failureOf({ statusCode: "wrong_repo", statusMessage })).toEqual({
    reason: "Another repository answers at this address than before.",
    remedy: "Nothing is written to it.",
  });
});

test("addresses and single sentences stay whole, a code alone is put into words", () => {
  expect(failureOf({ statusCode: null, statusMessage: "https://vault:8000/x is closed" })).toEqual({
    reason: "https://vault:8000/x is closed.",
    remedy: "",
  });
  expect(failureOf({ statusCode: "repo_missing", statusMessage: null })).toEqual({
    reason: "There is no repository at this address.",
    remedy: "",
  });
  expect(failureOf({ statusCode: "other", statusMessage: " " }).reason).toBe("The repository could not be opened.");
});
