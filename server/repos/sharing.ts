/** Finds repos that share a repository. An agent's report of a repository id counts only together with the address that a person entered. */
import type { Db } from "../../db/open.ts";
import { listRepoIdsByResticId, listReposByResticId } from "../../db/queries/repos.ts";
import type { RepoRow } from "../../db/schema/repos.ts";

type Placed = Pick<RepoRow, "kind" | "url" | "hostId">;

/** As `URL` writes them. */
const LOOPBACK =
  /^((.+\.)?localhost\.?|127\.\d+\.\d+\.\d+|\[::1\]|\[::ffff:7f[\da-f]{2}:[\da-f]{1,4}\]|0\.0\.0\.0|\[::\])$/;

export type Sharing = {
  /** Repos of live hosts with this id at this address, including this one, oldest first. */
  shared: RepoRow[];
  /** Repos with the same id at another address: a copy, the same repository by another route, or a lie. Nothing waits for these. */
  elsewhere: RepoRow[];
};

export function readSharing(db: Db, repo: RepoRow): Sharing {
  const ids = repo.resticId === null ? [repo.id] : listRepoIdsByResticId(db, repo.resticId);
  if (repo.resticId === null || (ids.length === 1 && ids[0] === repo.id)) return { shared: [repo], elsewhere: [] };
  const place = placeOf(repo);
  const all = listReposByResticId(db, repo.resticId);
  const isHere = (one: RepoRow) => one.id === repo.id || placeOf(one) === place;
  return { shared: all.filter(isHere), elsewhere: all.filter((one) => !isHere(one)) };
}

/**
 * Equal for repos at the same address, whichever user signs in. Users of an SSH server are kept apart, because each may
 * be confined to a folder of their own. A place that differs from machine to machine (a folder, the loopback address, an
 * rclone remote, a folder in a user's home, a container whose account is not in the address) belongs to its host.
 */
export function placeOf(repo: Placed): string {
  const place = sharedPlace(repo);
  return place === null ? `${repo.hostId} ${repo.kind} ${withoutEnd(repo.url)}` : `${repo.kind} ${place}`;
}

function sharedPlace({ kind, url }: Placed): string | null {
  switch (kind) {
    case "rest":
      return addressOf(url.replace(/^rest:/i, ""));
    case "s3":
      return addressOf(url.replace(/^s3:(?!https?:\/\/)/i, "s3:https://").replace(/^s3:/i, ""));
    case "sftp":
      return sftpPlace(url);
    case "b2":
      return withoutEnd(url.replace(/^(b2:[^:]+:)\/+/, "$1"));
    case "other":
      return url.startsWith("gs:") ? withoutEnd(url.replace(/^(gs:[^:]+:)\/+/, "$1")) : null;
    case "local":
    case "rclone":
      return null;
  }
}

function addressOf(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const { protocol, hostname, host, pathname } = new URL(text);
  return LOOPBACK.test(hostname) ? null : `${protocol}//${host}${withoutEnd(pathname)}`;
}

/** Only absolute paths are the same for every user. */
function sftpPlace(url: string): string | null {
  const short = /^sftp:(?:([^@/]*)@)?(\[[^\]]+\]|[^:/]+):(\/.*)$/i.exec(url);
  const long = /^sftp:\/\/(?:([^@/]*)@)?(\[[^\]]+\]|[^:/]+)(?::(\d+))?\/(\/.*)$/i.exec(url);
  const found = short
    ? { user: short[1], host: short[2], port: "22", path: short[3] }
    : long && { user: long[1], host: long[2], port: long[3] ?? "22", path: long[4] };
  // With this scheme `URL` normalises host names.
  const at = `http://${found?.host}`;
  if (!found || !URL.canParse(at)) return null;
  const { hostname } = new URL(at);
  return LOOPBACK.test(hostname)
    ? null
    : `${found.user ?? ""}@${hostname}:${found.port} ${withoutEnd(found.path ?? "")}`;
}

function withoutEnd(path: string): string {
  return path.replace(/\/+$/, "");
}
