// Writes restic's own encrypted files: a key file whose password is cheap to check (otherwise key derivation takes most of a test's time), and locks of any machine and time.
import { createCipheriv, createDecipheriv, createHash, randomBytes, scryptSync } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

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
  const master = openMaster(file, password);
  const salt = randomBytes(64);
  const light = derive(password, { ...file, ...LIGHT, salt: salt.toString("base64") });
  const data = seal(master, light).toString("base64");
  const made = JSON.stringify({ ...file, ...LIGHT, salt: salt.toString("base64"), data });
  return { name: createHash("sha256").update(made).digest("hex"), text: made };
}

/**
 * A lock as any restic might have left it: of another machine, of another time.
 * @returns the name of its file, its SHA-256
 */
export function putLock(repository: string, password: string, lock: ForgedLock): string {
  const [keyName] = readdirSync(join(repository, "keys"));
  const file = JSON.parse(readFileSync(join(repository, "keys", keyName ?? ""), "utf8")) as KeyFile;
  const master = JSON.parse(openMaster(file, password).toString()) as MasterKey;
  const bytes = (text: string) => Buffer.from(text, "base64");
  const keys = { encrypt: bytes(master.encrypt), macKey: bytes(master.mac.k), macR: bytes(master.mac.r) };
  const sealed = seal(Buffer.from(JSON.stringify({ uid: 0, gid: 0, ...lock })), keys);
  const name = createHash("sha256").update(sealed).digest("hex");
  writeFileSync(join(repository, "locks", name), sealed);
  return name;
}

export type ForgedLock = {
  /** RFC 3339 */
  time: string;
  exclusive: boolean;
  hostname: string;
  username: string;
  pid: number;
};
type MasterKey = { encrypt: string; mac: { k: string; r: string } };

function openMaster(file: KeyFile, password: string): Buffer {
  const sealed = Buffer.from(file.data, "base64");
  const { encrypt } = derive(password, file);
  const body = sealed.subarray(IV_BYTES, -MAC_BYTES);
  const master = createDecipheriv("aes-256-ctr", encrypt, sealed.subarray(0, IV_BYTES)).update(body);
  JSON.parse(master.toString());
  return master;
}

function seal(plain: Buffer, keys: Derived): Buffer {
  const iv = randomBytes(IV_BYTES);
  const ciphertext = createCipheriv("aes-256-ctr", keys.encrypt, iv).update(plain);
  return Buffer.concat([iv, ciphertext, poly1305Aes(ciphertext, iv, keys)]);
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
