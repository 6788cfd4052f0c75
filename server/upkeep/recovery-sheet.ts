/** The recovery sheet: the credential of each repository and the plain restic commands, for the day when this server is gone. */
import { createCipheriv, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import type { Db } from "../../db/open.ts";
import { listAllRepos } from "../../db/queries/recovery.ts";
import type { Credential } from "../../shared/protocol/fields.ts";
import type { RepoKind } from "../../shared/repos.ts";
import type { Credentials } from "../repos/credentials.ts";

/** The name of the setting with the time of the newest sheet, Unix ms. */
export const SHEET_SETTING = "recovery_sheet_at";

export type SheetEntry = {
  hostName: string;
  /** restic's `--host`. */
  resticHost: string;
  isArchived: boolean;
  repoName: string;
  isRemoved: boolean;
  kind: RepoKind;
  /** null when the server has no credential that it can decrypt. */
  credential: Credential | null;
  /** There is a credential, but it cannot be decrypted: it was damaged or moved in the database. */
  isUnreadable: boolean;
  /** Commands for a POSIX shell, one per line. */
  commands: string[];
};

/** Sorted by host name, with each everyday credential, which can restore but need not be able to delete. */
export function readSheet(db: Db, credentials: Pick<Credentials, "inUse" | "isReadable">): SheetEntry[] {
  return listAllRepos(db).map(({ host, repo }) => {
    const isUnreadable = !credentials.isReadable(repo.id, "everyday");
    const credential = isUnreadable ? null : credentials.inUse(repo.id, "everyday");
    return {
      hostName: host.name,
      resticHost: host.resticHost,
      isArchived: host.archivedAt !== null,
      repoName: repo.name,
      isRemoved: repo.removedAt !== null,
      kind: repo.kind,
      credential,
      isUnreadable,
      commands: credential ? commandsOf(credential, host.resticHost) : [],
    };
  });
}

/** Environment first, so that no secret appears in an argument list. */
export function commandsOf(credential: Credential, resticHost: string): string[] {
  const environment: [string, string | null][] = [
    ["RESTIC_REPOSITORY", credential.url],
    ["RESTIC_PASSWORD", credential.repo_password],
    ["RESTIC_REST_USERNAME", credential.http_username],
    ["RESTIC_REST_PASSWORD", credential.http_password],
    ...Object.entries(credential.env),
  ];
  return [
    ...environment.flatMap(([name, value]) => (value === null ? [] : [`export ${name}=${quoted(value)}`])),
    `restic snapshots --host ${quoted(resticHost)}`,
    `restic restore latest --host ${quoted(resticHost)} --target ./restored`,
  ];
}

/** The sheet as plain text, to print or to store. @param madeAt Unix ms */
export function sheetText(entries: readonly SheetEntry[], madeAt: number): string {
  const head = [
    "restic-manager: recovery sheet",
    `made ${new Date(madeAt).toISOString().slice(0, 16).replace("T", " ")} UTC, ${entries.length} repositories`,
    "",
    "Anyone who has this sheet can read every backup. Keep it where you would look when this server is gone.",
    "On any machine: install restic (https://restic.net), then type the lines of the repository that you need.",
  ];
  return `${[...head, ...entries.flatMap(entryLines)].join("\n")}\n`;
}

const NONE = "No credential for this repository is stored here.";
const UNREADABLE = "The stored credential cannot be decrypted. Use your own record of this repository's passwords.";

function entryLines(entry: SheetEntry): string[] {
  const marks = [entry.isArchived ? "host archived" : "", entry.isRemoved ? "repo removed from the host" : ""];
  const shownMarks = marks.filter(Boolean).join(", ");
  const title = `${entry.hostName} · ${entry.repoName} (${entry.kind})${shownMarks ? ` – ${shownMarks}` : ""}`;
  const body = entry.credential ? entry.commands : [entry.isUnreadable ? UNREADABLE : NONE];
  return ["", "-".repeat(72), title, "", ...body.map((line) => `    ${line}`)];
}

/** Always quoted, because people type printed commands by hand and spaces must be visible. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** OpenSSL's default count is too low for a passphrase that a person chose. */
const PBKDF2_ITERATIONS = 600_000;
const derive = promisify(pbkdf2);

/** Decrypts the output of {@link encryptSheet} on any system, without this product. */
export const DECRYPT_COMMAND = `openssl enc -d -aes-256-cbc -pbkdf2 -iter ${PBKDF2_ITERATIONS} -in FILE`;

/** The format of `openssl enc -aes-256-cbc -pbkdf2`: `Salted__`, 8 bytes of salt, the text. */
export async function encryptSheet(text: string, passphrase: string): Promise<Uint8Array<ArrayBuffer>> {
  const salt = randomBytes(8);
  const derived = await derive(passphrase, salt, PBKDF2_ITERATIONS, 48, "sha256");
  const cipher = createCipheriv("aes-256-cbc", derived.subarray(0, 32), derived.subarray(32));
  const parts = [Buffer.from("Salted__", "latin1"), salt, cipher.update(text, "utf8"), cipher.final()];
  return new Uint8Array(Buffer.concat(parts));
}
