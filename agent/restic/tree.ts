/** Lists one directory of a snapshot, a page at a time. */
import type { ToServerPayload } from "../../shared/protocol/to-server.ts";
import { timeOf } from "../../shared/restic/time.ts";
import { clip } from "../words.ts";
import type { RepoAccess } from "./access.ts";
import type { Restic } from "./restic.ts";

export type TreePage = ToServerPayload<"tree.list.result">;

export type TreeRequest = { snapshotId: string; path: string; offset: number; limit: number };

/** Go's mode bits above the nine permission bits have their own meaning; these three are passed on as on Unix. */
const PERMISSIONS = 0o777;
/** A page may be shorter than requested, so that it fits into a frame. */
const MAX_PAGE_BYTES = 512 * 1024;

/** Entries in restic's own order, which is by name. Directories have no size. */
export async function listTree(
  restic: Restic,
  access: RepoAccess,
  request: TreeRequest,
  signal: AbortSignal,
): Promise<TreePage> {
  if (!/^([0-9a-f]{8,64}|latest)$/.test(request.snapshotId)) return problem("internal", "This is not a snapshot id");
  const path = request.path === "" ? "/" : request.path;
  if (!path.startsWith("/")) return problem("internal", "A path in a snapshot begins with /");
  const asked = path.length > 1 ? path.replace(/\/+$/, "") : path;
  const entries: TreePage["entries"] = [];
  let total = 0;
  let bytes = 0;
  let seen = asked === "/";
  const result = await restic.run({ do: "ls", snapshotId: request.snapshotId, path: asked }, access, {
    signal,
    onLine(line) {
      if (line.is !== "node") return;
      const { node } = line;
      // restic lists the directory itself before its entries.
      if (node.path === asked) {
        seen = true;
        return;
      }
      total += 1;
      if (total <= request.offset || entries.length >= request.limit || bytes > MAX_PAGE_BYTES) return;
      bytes += Buffer.byteLength(node.name) + 100;
      entries.push({
        name: clip(node.name, 4096),
        type: clip(node.type, 200),
        size: node.size ?? null,
        mtime: node.mtime === undefined ? null : timeOf(node.mtime),
        mode: node.mode === undefined ? null : node.mode & PERMISSIONS,
      });
    },
  });
  const { judgement } = result;
  if (judgement.is === "failed") return problem(judgement.code, judgement.message);
  if (judgement.is === "stopped") return problem("repo_unreachable", "The repository did not answer in time");
  if (!seen) return problem("no_paths", `${clip(asked, 500)} is not in this snapshot`);
  return { entries, total, error: null };
}

export function problem(code: NonNullable<TreePage["error"]>["code"], message: string): TreePage {
  return { entries: [], total: 0, error: { code, message: clip(message, 1000) } };
}
