/** Prepares a new repository: what a person entered, completed with generated passwords, and its rows. */
import { randomInt } from "node:crypto";
import type { Db } from "../../db/open.ts";
import { insertRepo } from "../../db/queries/repos.ts";
import { newId } from "../../shared/ids.ts";
import type { Credential } from "../../shared/protocol/fields.ts";
import type { RepoKind } from "../../shared/repos.ts";
import { parseRepoInput, type RepoInput, toCredential } from "./address.ts";
import type { Credentials } from "./credentials.ts";

/** Shown once. */
export type Generated = { http_password?: string; htpasswd_line?: string; repo_password?: string };

/** What opens the new repository. */
export type Cargo = { kind: RepoKind; credential: Credential };

export type NewRepoOutcome =
  | { ok: true; cargo: Cargo; generated: Generated }
  | { ok: false; fields: Record<string, string> };

/** @param fallbackUser the HTTP user of a REST server when none is given */
export async function readNewRepo(input: RepoInput, fallbackUser: string): Promise<NewRepoOutcome> {
  const parsed = parseRepoInput(input, fallbackUser);
  if (!parsed.ok) return parsed;
  const { address } = parsed;
  const generated: Generated = {};
  if (address.kind === "rest" && address.httpPassword === null) {
    address.httpPassword = generated.http_password = makePassword();
    generated.htpasswd_line = await htpasswdLine(address.httpUsername ?? "", address.httpPassword);
  }
  const repoPassword = address.repoPassword ?? makePassword();
  if (address.repoPassword === null) generated.repo_password = repoPassword;
  return { ok: true, cargo: { kind: address.kind, credential: toCredential({ ...address, repoPassword }) }, generated };
}

export type NewRepoRow = {
  hostId: string;
  name: string;
  isPrimary: boolean;
  compression?: "auto" | "off" | "max";
  cargo: Cargo;
};

/** In bytes. Where reading costs money, checks read no data by default. */
const CHECK_BUDGET: Readonly<Record<RepoKind, number>> = {
  rest: 10 * 2 ** 30,
  local: 10 * 2 ** 30,
  sftp: 10 * 2 ** 30,
  s3: 0,
  b2: 0,
  rclone: 0,
  other: 0,
};

/** Call inside the caller's transaction. @returns the repo's id */
export function insertNewRepo(
  { db, credentials }: { db: Db; credentials: Credentials },
  { hostId, name, isPrimary, compression = "auto", cargo }: NewRepoRow,
  now: number,
): string {
  const id = newId();
  const { kind, credential } = cargo;
  insertRepo(db, {
    id,
    hostId,
    name,
    isPrimary,
    kind,
    url: credential.url,
    compression,
    checkBudgetBytes: CHECK_BUDGET[kind],
    createdAt: now,
    updatedAt: now,
  });
  credentials.create(id, "everyday", credential);
  return id;
}

/** Without letters and digits that look alike. */
const ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";

/** Groups of four characters. Six groups hold 139 bits. */
export function makePassword(groups = 6): string {
  const letter = () => ALPHABET[randomInt(ALPHABET.length)];
  return Array.from({ length: groups }, () => [letter(), letter(), letter(), letter()].join("")).join("-");
}

/** A line for the REST server's `.htpasswd`, with bcrypt as it requires. */
export async function htpasswdLine(user: string, password: string): Promise<string> {
  return `${user}:${await Bun.password.hash(password, { algorithm: "bcrypt", cost: 10 })}`;
}
