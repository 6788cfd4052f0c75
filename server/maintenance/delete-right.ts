/** Which credential may delete in a repo. Pure. */
import type { AppendOnly } from "../../shared/repos.ts";

export type DeleteRight = "admin" | "everyday" | "none";

/** Where the everyday credential is known to be able to delete it serves; where it is not known, nothing is assumed. */
export function deleteRight(appendOnly: AppendOnly, hasAdminCredential: boolean): DeleteRight {
  if (hasAdminCredential) return "admin";
  return appendOnly === "violated" || appendOnly === "not_applicable" ? "everyday" : "none";
}
