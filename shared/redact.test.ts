import { describe, expect, test } from "bun:test";
import { createRedactor, secretValues } from "./redact.ts";

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

test("user and password are removed from an address even when they are not known secrets", () => {
  const redactor = createRedactor();
  expect(redactor.redact("open rest:https://me:pw@host:8000/x/ failed")).toBe("open rest:https://host:8000/x/ failed");
});

test("very short secrets do not blank out ordinary text", () => {
  const redactor = createRedactor();
  redactor.add("ab", "", null);
  expect(redactor.redact("a crab")).toBe("a crab");
});

test("thousands of secrets are masked as well as a few, including those with the same beginning", () => {
  const redactor = createRedactor();
  const secrets = Array.from({ length: 3000 }, (_, at) => `s3cr-t${at}`);
  for (const secret of secrets) redactor.add(secret);
  expect(redactor.redact("a s3cr-t2 b s3cr-t2999, s3cr-t17;s3cr-tx s3cr")).toBe(
    "a [redacted] b [redacted], [redacted];s3cr-tx s3cr",
  );
  redactor.add("one that came later");
  expect(redactor.redact("one that came later")).toBe("[redacted]");
  expect(redactor.redact("nothing to hide")).toBe("nothing to hide");
});

describe("a password that is an ordinary word", () => {
  test.each(["home", "documents", "Backup", "backup2024", "web-01", "my_data", "Büro", "srv/data", "20241130", "ext4"])(
    "%s leaves paths and sentences alone",
    (word) => {
      const redactor = createRedactor();
      redactor.add(word);
      const line = `open /srv/${word}/a.txt: the ${word} folder is ${word}.`;
      expect(redactor.redact(line)).toBe(line);
    },
  );

  test("is masked where it is a value: in the environment, in addresses, after its name", () => {
    const redactor = createRedactor();
    redactor.add("home", "my cat");
    for (const [text, clean] of [
      ["RESTIC_PASSWORD=home restic -r /home", "RESTIC_PASSWORD=[redacted] restic -r /home"],
      ["RESTIC_PASSWORD='home' x", "RESTIC_PASSWORD='[redacted]' x"],
      ['export RESTIC_PASSWORD="my cat"', 'export RESTIC_PASSWORD="[redacted]"'],
      ['{"RESTIC_REST_PASSWORD":"home","HOME":"/home"}', '{"RESTIC_REST_PASSWORD":"[redacted]","HOME":"/home"}'],
      ['{"repo_password": "my cat", "path": "home"}', '{"repo_password": "[redacted]", "path": "home"}'],
      ["rest:http://me:home@vault/home/", "rest:http://vault/home/"],
      ["password: home", "password: [redacted]"],
      ["--password=home /home", "--password=[redacted] /home"],
    ] as const)
      expect(redactor.redact(text)).toBe(clean);
  });

  test("is masked in the forms that are not words", () => {
    const redactor = createRedactor();
    redactor.add("documents");
    const base64 = Buffer.from("documents").toString("base64");
    expect(redactor.redact(`Authorization ${base64}`)).toBe("Authorization [redacted]");
  });

  test.each([
    "kqzvbnwpxt",
    "correct horse battery",
    "p@ss",
    "s3cr3t",
    "aB3dE9xQ",
    "correcthorsebattery",
    "ABCD-EFGH-2345",
  ])("%s is not one", (secret) => {
    const redactor = createRedactor();
    redactor.add(secret);
    expect(redactor.redact(`a ${secret} b`)).toBe("a [redacted] b");
  });
});

test("names of regions and accounts are not secret", () => {
  const env = {
    AWS_DEFAULT_REGION: "eu-central-1",
    AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI",
    OS_AUTH_URL: "https://id.example/v3",
  };
  expect(secretValues(env)).toEqual(["wJalrXUtnFEMI"]);
});
