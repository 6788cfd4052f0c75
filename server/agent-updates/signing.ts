/** The Ed25519 key that signs agent downloads, kept in the data folder and generated on first start. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { CompactSign, exportJWK, generateKeyPair, importJWK, type JWK } from "jose";

export type Signer = {
  /** Public keys (JWK as JSON text) that agents receive at enrolment. */
  publicKeys(): string[];
  /** Compact JWS over the JSON of `content`. */
  sign(content: unknown): Promise<string>;
};

/** The key file exists but cannot be used. The message says what to do. */
export class SigningKeyProblem extends Error {}

/** @throws SigningKeyProblem */
export async function loadSigner(path: string): Promise<Signer> {
  if (!existsSync(path)) await makeKey(path);
  const { jwk, key } = await readKey(path);
  const { d: _secret, ...open } = jwk;
  return {
    publicKeys: () => [JSON.stringify(open)],
    sign: (content) =>
      new CompactSign(new TextEncoder().encode(JSON.stringify(content))).setProtectedHeader({ alg: "EdDSA" }).sign(key),
  };
}

async function readKey(path: string) {
  try {
    const jwk = JSON.parse(readFileSync(path, "utf8")) as JWK;
    return { jwk, key: await importJWK(jwk, "EdDSA") };
  } catch {
    throw new SigningKeyProblem(
      `${path} does not hold a valid signing key for agent downloads. Put the file back, or use the restore command: every copy of the database contains this key, sealed.`,
    );
  }
}

async function makeKey(path: string): Promise<void> {
  const { privateKey } = await generateKeyPair("EdDSA", { extractable: true });
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, JSON.stringify(await exportJWK(privateKey)), { mode: 0o600, flag: "wx" });
}
