/** The text of the recovery sheet, and that OpenSSL can decrypt the encrypted one. */
import { expect, test } from "bun:test";
import { runCommand } from "../../tests/testbed/command.ts";
import { commandsOf, DECRYPT_COMMAND, encryptSheet, type SheetEntry, sheetText } from "./recovery-sheet.ts";

const credential = {
  url: "rest:http://vault:8000/web-01/",
  http_username: "web-01",
  http_password: "it's a secret",
  repo_password: '$HOME `id` "quoted"',
  env: {},
};

test("the commands give the shell exactly the secrets, whatever characters they contain", async () => {
  const lines = commandsOf(credential, "web-01").filter((line) => line.startsWith("export"));
  const script = `${lines.join("\n")}\nprintf '%s|%s|%s' "$RESTIC_PASSWORD" "$RESTIC_REST_PASSWORD" "$RESTIC_REPOSITORY"`;
  const { stdout } = await runCommand(["sh", "-c", script]);
  expect(stdout).toBe(`${credential.repo_password}|${credential.http_password}|${credential.url}`);
});

test("an archived host's repository is included, and one without a credential says so", () => {
  const entry: SheetEntry = {
    hostName: "old-01",
    resticHost: "old-01",
    isArchived: true,
    repoName: "main",
    isRemoved: false,
    kind: "rest",
    credential: null,
    isUnreadable: false,
    commands: [],
  };
  const text = sheetText([entry], Date.UTC(2026, 10, 21, 3, 4));
  expect(text).toContain("made 2026-11-21 03:04 UTC, 1 repositories");
  expect(text).toContain("old-01 · main (rest) – host archived");
  expect(text).toContain("No credential for this repository is stored here.");
});

test("openssl opens the encrypted file with the passphrase alone", async () => {
  const file = await encryptSheet("zwölf Häuser\n", "a long passphrase");
  const [program = "", ...rest] = DECRYPT_COMMAND.replace(" -in FILE", "").split(" ");
  const open = (passphrase: string) =>
    runCommand([program, ...rest, "-pass", `pass:${passphrase}`], { input: file, timeoutMs: 60_000 });
  expect(await open("a long passphrase")).toMatchObject({ code: 0, stdout: "zwölf Häuser\n" });
  expect((await open("another passphrase")).stdout).not.toContain("Häuser");
}, 120_000);
