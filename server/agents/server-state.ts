/** By which agents tell that the server has been set back to an older copy. */
import type { Db } from "../../db/open.ts";
import { findSetting, putSetting } from "../../db/queries/settings.ts";
import { newId } from "../../shared/ids.ts";

/** A server restored from a copy gets a new one, so that agents tell again what it has forgotten. */
export function serverStateId(db: Db): string {
  const known = findSetting(db, "server_state_id");
  if (known) return known;
  const id = newId();
  putSetting(db, "server_state_id", id);
  return id;
}
