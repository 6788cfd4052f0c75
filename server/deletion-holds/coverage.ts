/** Decides which hold protects a repository: one on a host that uses it, on a tag of such a host, or on the whole fleet. Pure. */
import type { DeletionHoldRow } from "../../db/schema/deletion-holds.ts";
import type { HostRow } from "../../db/schema/hosts.ts";
import type { JobKind } from "../../shared/jobs.ts";

export type HoldScope = Pick<DeletionHoldRow, "hostId" | "tag">;
export type HoldableHost = Pick<HostRow, "id" | "tags">;

/** Jobs that remove snapshots or their data. */
export function isDeletion(kind: JobKind): boolean {
  return kind === "forget" || kind === "prune";
}

/** @param hosts all hosts with snapshots in the repository, and the one that would run the job. @returns the first hold that covers one of them */
export function coveringHold<H extends HoldScope>(holds: readonly H[], hosts: readonly HoldableHost[]): H | null {
  return holds.find((hold) => isFleetWide(hold) || hosts.some((host) => covers(hold, host))) ?? null;
}

function isFleetWide({ hostId, tag }: HoldScope): boolean {
  return hostId === null && tag === null;
}

function covers({ hostId, tag }: HoldScope, host: HoldableHost): boolean {
  return hostId === null ? tag !== null && host.tags.includes(tag) : hostId === host.id;
}
