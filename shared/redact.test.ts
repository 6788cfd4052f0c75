import { expect, test } from "bun:test";
import { createRedactor } from "./redact.ts";

test("a secret disappears in every form in which it can leak", () => {
  const redactor = createRedactor();
  const secret = 'p/a"ss wörd+1';
  redactor.add(secret);
  const text = [secret, encodeURIComponent(secret), JSON.stringify({ secret }), Buffer.from(secret).toString("base64")];
  const clean = redactor.redact(text.join("\n"));
  expect(clean).not.toContain("wörd");
  expect(clean).not.toContain(encodeURIComponent(secret));
  expect(clean).not.toContain(Buffer.from(secret).toString("base64").slice(0, 12));
});

test("user and password leave an address even when nobody announced them", () => {
  const redactor = createRedactor();
  expect(redactor.redact("open rest:https://me:pw@host:8000/x/ failed")).toBe("open rest:https://host:8000/x/ failed");
});

test("very short secrets do not blank out ordinary text", () => {
  const redactor = createRedactor();
  redactor.add("ab", "", null);
  expect(redactor.redact("a crab")).toBe("a crab");
});

test("thousands of secrets are masked as well as a few, also those that begin alike", () => {
  const redactor = createRedactor();
  const secrets = Array.from({ length: 3000 }, (_, at) => `secret-${at}`);
  for (const secret of secrets) redactor.add(secret);
  expect(redactor.redact("a secret-2 b secret-2999, secret-17;secret-x secr")).toBe(
    "a [redacted] b [redacted], [redacted];secret-x secr",
  );
  redactor.add("one that came later");
  expect(redactor.redact("one that came later")).toBe("[redacted]");
  expect(redactor.redact("nothing to hide")).toBe("nothing to hide");
});
