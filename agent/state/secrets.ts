/** `secrets.enc`: everyday credentials and hooks, encrypted with AES-256-GCM and the key in `agent.yaml`. */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { credential } from "../../shared/protocol/fields.ts";
import { replaceFile } from "../machine/replace-file.ts";

const secretsSchema = v.object({
  /** Digest of the desired state that these belong to. */
  digest: v.nullable(v.string()),
  credentials: v.record(v.string(), credential),
  hooks: v.record(v.string(), v.object({ pre: v.nullable(v.string()), post: v.nullable(v.string()) })),
});
export type Secrets = v.InferOutput<typeof secretsSchema>;

export const NO_SECRETS: Secrets = { digest: null, credentials: {}, hooks: {} };

export type FoundSecrets = { found: "ok"; secrets: Secrets } | { found: "none" } | { found: "damaged" };

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const PURPOSE = Buffer.from("restic-manager secrets.enc 1");

export function secretsPath(stateFolder: string): string {
  return join(stateFolder, "secrets.enc");
}

/** @param key 64 hex digits. Changes nothing, even when the file is damaged. */
export function findSecrets(stateFolder: string, key: string): FoundSecrets {
  const path = secretsPath(stateFolder);
  if (!existsSync(path)) return { found: "none" };
  const blob = readFileSync(path);
  try {
    return { found: "ok", secrets: v.parse(secretsSchema, JSON.parse(decrypt(blob, key))) };
  } catch {
    return { found: "damaged" };
  }
}

/** Moves a damaged file aside and returns its new name. @param now Unix ms */
export function setSecretsAside(stateFolder: string, now: number): string {
  const movedTo = `${secretsPath(stateFolder)}.damaged-${now}`;
  renameSync(secretsPath(stateFolder), movedTo);
  return movedTo;
}

export function saveSecrets(stateFolder: string, key: string, secrets: Secrets): void {
  replaceFile(secretsPath(stateFolder), encrypt(JSON.stringify(secrets), key));
}

function encrypt(plain: string, key: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", Buffer.from(key, "hex"), nonce).setAAD(PURPOSE);
  const body = Buffer.concat([cipher.update(plain, "utf8"), cipher.final()]);
  return Buffer.concat([Buffer.from([VERSION]), nonce, cipher.getAuthTag(), body]);
}

function decrypt(blob: Buffer, key: string): string {
  if (blob[0] !== VERSION) throw new Error("unknown version of secrets.enc");
  const nonce = blob.subarray(1, 1 + NONCE_BYTES);
  const tag = blob.subarray(1 + NONCE_BYTES, 1 + NONCE_BYTES + TAG_BYTES);
  const decipher = createDecipheriv("aes-256-gcm", Buffer.from(key, "hex"), nonce).setAAD(PURPOSE).setAuthTag(tag);
  const body = blob.subarray(1 + NONCE_BYTES + TAG_BYTES);
  return Buffer.concat([decipher.update(body), decipher.final()]).toString("utf8");
}
