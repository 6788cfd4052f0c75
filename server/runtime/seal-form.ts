/** Binds secrets to their rows, and upgrades older sealed secrets once, when a database is opened. */
import type { Db } from "../../db/open.ts";
import { replaceSealed, SEALED_COLUMNS, type SealedColumn } from "../../db/queries/sealed.ts";
import { findSetting, putSetting } from "../../db/queries/settings.ts";
import { inTransaction } from "../../db/transaction.ts";
import type { Sealer, SealPlace } from "./seal.ts";

export const CHECK_PLACE: SealPlace = { table: "settings", column: "value", id: "key_check" };

/** The plain text of the sealed key check. It prevents a stolen file from being set back: since 2, credentials are bound to their repo and slot. */
export const SEAL_FORM = "restic-manager/2";

export function placeOf(
  { table, column }: Pick<SealedColumn, "table" | "column">,
  { id, owner }: { id: string; owner: string | null },
): SealPlace {
  return owner === null ? { table, column, id } : { table, column, id, owner };
}

/** What a credential's blobs are bound to besides their row. */
export function credentialOwner({ repoId, slot }: { repoId: string; slot: string }): string {
  return `${repoId}/${slot}`;
}

/** The key must be the right one. Blobs that cannot be decrypted are left unchanged. @returns how many were bound, and which could not be decrypted */
export function bindSeals(db: Db, sealer: Sealer): { bound: number; unreadable: string[] } {
  const unreadable: string[] = [];
  const blob = findSetting(db, CHECK_PLACE.id);
  if (blob === null || sealer.unseal(CHECK_PLACE, blob) === SEAL_FORM) return { bound: 0, unreadable };
  let bound = 0;
  const opened = (place: SealPlace, text: string): string | null => {
    try {
      return sealer.unseal(place, text);
    } catch {
      return null;
    }
  };
  inTransaction(db, () => {
    for (const column of SEALED_COLUMNS.filter(({ owner }) => owner !== undefined))
      replaceSealed(db, column, (row, text) => {
        const plain = opened(placeOf(column, { ...row, owner: null }), text);
        if (plain === null) {
          unreadable.push(`${column.table}.${column.column} of ${row.id}`);
          return text;
        }
        bound++;
        return sealer.seal(placeOf(column, row), plain);
      });
    putSetting(db, CHECK_PLACE.id, sealer.seal(CHECK_PLACE, SEAL_FORM));
  });
  return { bound, unreadable };
}
