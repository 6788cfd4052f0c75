/** Encrypts secrets at rest: AES-256-GCM with the server key, bound to the place where they are stored. */
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from "node:crypto";

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID_BYTES = 4;

/** Where a blob is stored. It is authenticated, so a blob moved elsewhere cannot be decrypted. */
export type SealPlace = {
  table: string;
  column: string;
  id: string;
  /** A further value that must not change, such as the repo of a credential. */
  owner?: string;
};

export type Sealer = {
  /** First bytes of the key's hash: identifies the key without revealing it. */
  keyId: string;
  /** The prefix of every blob sealed with this key. */
  blobPrefix: string;
  seal(place: SealPlace, plain: string): string;
  /** @throws when the blob was sealed with another key or for another place, or was changed */
  unseal(place: SealPlace, blob: string): string;
  /** HMAC-SHA-256 (hex) with a key derived for `purpose`. Cannot be computed without the server key. */
  digest(purpose: string, text: string): string;
};

/** @param key 32 bytes. */
export function createSealer(key: Buffer): Sealer {
  const id = createHash("sha256").update("restic-manager key id").update(key).digest().subarray(0, KEY_ID_BYTES);
  const header = Buffer.concat([Buffer.from([VERSION]), id]);
  const derived = new Map<string, Buffer>();
  const keyFor = (purpose: string) => {
    const found = derived.get(purpose) ?? Buffer.from(hkdfSync("sha256", key, "restic-manager", purpose, 32));
    derived.set(purpose, found);
    return found;
  };
  return {
    keyId: id.toString("hex"),
    blobPrefix: header.toString("base64").slice(0, Math.floor((header.length * 8) / 6)),
    seal(place, plain) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", keyFor("seal"), nonce).setAAD(associated(header, place));
      const body = Buffer.concat([cipher.update(plain, "utf8"), cipher.final()]);
      return Buffer.concat([header, nonce, body, cipher.getAuthTag()]).toString("base64");
    },
    unseal(place, blob) {
      const bytes = Buffer.from(blob, "base64");
      const head = bytes.subarray(0, header.length);
      if (!head.equals(header)) throw new Error(`${place.table}.${place.column} was sealed with another server key`);
      const nonce = bytes.subarray(header.length, header.length + NONCE_BYTES);
      const decipher = createDecipheriv("aes-256-gcm", keyFor("seal"), nonce).setAAD(associated(header, place));
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      const body = bytes.subarray(header.length + NONCE_BYTES, -TAG_BYTES);
      return Buffer.concat([decipher.update(body), decipher.final()]).toString("utf8");
    },
    digest(purpose, text) {
      return createHmac("sha256", keyFor(purpose)).update(text).digest("hex");
    },
  };
}

function associated(header: Buffer, { table, column, id, owner }: SealPlace): Buffer {
  const place = owner === undefined ? [table, column, id] : [table, column, id, owner];
  return Buffer.concat([header, Buffer.from(JSON.stringify(place))]);
}
