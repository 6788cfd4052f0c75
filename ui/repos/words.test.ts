// A failed repo's reason comes from its code, never from the words of a sentence.
import { expect, test } from "bun:test";
import { failureInFull, failureInShort } from "./words.tsx";

test("what the agent says is shown whole, however it is built", () => {
  const statusMessage = "https://vault:8000/x is closed: try: later. Or not";
  expect(failureInFull({ statusCode: "repo_unreachable", statusMessage })).toBe(`${statusMessage}.`);
  expect(failureInFull({ statusCode: "repo_unreachable", statusMessage: "Closed!" })).toBe("Closed!");
});

test("in short, and where the agent says nothing, the code gives the reason", () => {
  expect(failureInShort({ statusCode: "repo_missing" })).toBe("No repository at this address.");
  expect(failureInFull({ statusCode: "repo_missing", statusMessage: null })).toBe("No repository at this address.");
  expect(failureInFull({ statusCode: "other", statusMessage: " " })).toBe("The repository could not be opened.");
});
