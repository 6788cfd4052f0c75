// A key file of restic whose password costs next to nothing: every restic command of a test spends most of its time deriving the usual one.
import { createCipheriv, createDecipheriv, createHash, randomBytes, scryptSync } from "node:crypto";

/** A key file's JSON, as restic writes it. */
type KeyFile = { kdf: string; N: number; r: number; p: number; salt: string; data: string };

const IV_BYTES = 16;
const MAC_BYTES = 16;
/** The least that restic takes. */
const LIGHT = { N: 2, r: 1, p: 1 };

/**
 * The same master key under the same password, sealed with the cheapest parameters of scrypt.
 * @returns the new file's text and its name, which is its SHA-256
 */
export function lightenKey(text: string, password: string): { name: string; text: string } {
  const file = JSON.parse(text) as KeyFile;
  const sealed = Buffer.from(file.data, "base64");
  const iv = sealed.subarray(0, IV_BYTES);
  const heavy = derive(password, file);
  const body = sealed.subarray(IV_BYTES, -MAC_BYTES);
  const master = createDecipheriv("aes-256-ctr", heavy.encrypt, iv).update(body);
  JSON.parse(master.toString());

  const salt = randomBytes(64);
  const light = derive(password, { ...file, ...LIGHT, salt: salt.toString("base64") });
  const freshIv = randomBytes(IV_BYTES);
  const ciphertext = createCipheriv("aes-256-ctr", light.encrypt, freshIv).update(master);
  const data = Buffer.concat([freshIv, ciphertext, poly1305Aes(ciphertext, freshIv, light)]).toString("base64");
  const made = JSON.stringify({ ...file, ...LIGHT, salt: salt.toString("base64"), data });
  return { name: createHash("sha256").update(made).digest("hex"), text: made };
}

type Derived = { encrypt: Buffer; macKey: Buffer; macR: Buffer };

function derive(password: string, { N, r, p, salt }: Pick<KeyFile, "N" | "r" | "p" | "salt">): Derived {
  const key = scryptSync(password, Buffer.from(salt, "base64"), 64, { N, r, p, maxmem: 1 << 30 });
  return { encrypt: key.subarray(0, 32), macKey: key.subarray(32, 48), macR: key.subarray(48, 64) };
}

/** Bernstein's Poly1305-AES: the tag is a polynomial of the text in r, plus AES of the nonce. */
function poly1305Aes(text: Buffer, nonce: Buffer, { macKey, macR }: Derived): Buffer {
  const prime = (1n << 130n) - 5n;
  const r = littleEndian(macR) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
  let sum = 0n;
  for (let at = 0; at < text.length; at += 16) {
    const block = text.subarray(at, at + 16);
    sum = ((sum + littleEndian(block) + (1n << BigInt(8 * block.length))) * r) % prime;
  }
  const aes = createCipheriv("aes-128-ecb", macKey, null).setAutoPadding(false);
  const tag = (sum + littleEndian(aes.update(nonce))) & ((1n << 128n) - 1n);
  return Buffer.from(tag.toString(16).padStart(32, "0"), "hex").reverse();
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
}
