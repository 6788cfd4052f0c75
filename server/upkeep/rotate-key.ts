/** Rotates the server key: every secret is sealed again in one transaction, and the old key is kept for old copies. */
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import type { Db } from "../../db/open.ts";
import { findColumnsWithPrefix, replaceSealed, SEALED_COLUMNS } from "../../db/queries/sealed.ts";
import { inTransaction } from "../../db/transaction.ts";
import type { Clock } from "../../shared/time/clock.ts";
import { writeAudit } from "../runtime/audit.ts";
import { createSealer, type Sealer, type SealPlace } from "../runtime/seal.ts";
import { placeOf } from "../runtime/seal-form.ts";
import { nextKeyPath, takeNextKey, writeKeyFile } from "../runtime/secret-key.ts";

/** Nothing was changed. The message says why. */
export class RotationStopped extends Error {}

export type Rotated = { sealed: number; keyId: string; retired: string };

/**
 * The server must not be running. A crash at any point leaves a matching pair of key and database: until the commit the
 * old key is valid, and after it the server takes the new one from `FILE.next` at its next start.
 * @throws RotationStopped when a blob cannot be decrypted or is in an unknown place; nothing is changed then
 */
export function rotateKey({ db, clock, sealer }: { db: Db; clock: Clock; sealer: Sealer }, keyFile: string): Rotated {
  const key = randomBytes(32);
  const next = createSealer(key);
  writeKeyFile(nextKeyPath(keyFile), key);
  return { sealed: reseal(keyFile), keyId: next.keyId, retired: takeNextKey(keyFile, sealer.keyId) };

  function reseal(path: string): number {
    try {
      return inTransaction(db, sealAllAnew);
    } catch (error) {
      rmSync(nextKeyPath(path), { force: true });
      throw error;
    }
  }

  function opened(where: SealPlace, blob: string): string {
    try {
      return sealer.unseal(where, blob);
    } catch {
      throw new RotationStopped(
        `${where.table}.${where.column} of ${where.id} cannot be decrypted with the present key: it was damaged or moved. Save that secret again on its page, then run this command again.`,
      );
    }
  }

  function sealAllAnew(): number {
    let secrets = 0;
    for (const place of SEALED_COLUMNS)
      secrets += replaceSealed(db, place, (row, blob) => {
        const where = placeOf(place, row);
        return next.seal(where, opened(where, blob));
      });
    const forgotten = findColumnsWithPrefix(db, sealer.blobPrefix);
    if (forgotten.length > 0)
      throw new RotationStopped(
        `The secrets in ${forgotten.join(", ")} would be lost with the old key. This is a fault in restic-manager. Please report it.`,
      );
    writeAudit(db, clock.now(), {
      actor: { kind: "system" },
      action: "server_key.rotated",
      payload: { from: sealer.keyId, to: next.keyId, secrets },
    });
    return secrets;
  }
}
