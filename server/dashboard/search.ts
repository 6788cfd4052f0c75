// Finds the entries of the command palette: groups to run and places to go, best match first. Pure.
import type { SearchHit } from "../../shared/fleet.ts";
import type { FleetHost } from "./fleet.ts";

const MOST_HITS = 12;

const PAGES: readonly { href: string; name: string; admin?: boolean }[] = [
  { href: "/", name: "Dashboard" },
  { href: "/repos", name: "Repos" },
  { href: "/jobs", name: "Jobs" },
  { href: "/jobs?status=failed", name: "Failed jobs" },
  { href: "/deletion-holds", name: "Hold deletion" },
  { href: "/hosts/new", name: "Add host", admin: true },
  { href: "/audit", name: "Audit", admin: true },
  { href: "/settings/account", name: "Account" },
];

export type SearchRights = { mayRun: boolean; isAdmin: boolean };

/** Every word of the query must occur in a hit. Hits that start with the first word come first. */
export function findHits(fleet: readonly FleetHost[], query: string, { mayRun, isAdmin }: SearchRights): SearchHit[] {
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  const scored: { hit: SearchHit; score: number }[] = [];
  const offer = (hit: SearchHit, name: string, more = "") => {
    const text = `${name} ${more}`.toLowerCase();
    if (!words.every((word) => text.includes(word))) return;
    const first = words[0] ?? "";
    scored.push({ hit, score: name.toLowerCase().startsWith(first) ? 0 : name.toLowerCase().includes(first) ? 1 : 2 });
  };
  for (const page of PAGES)
    if (!page.admin || isAdmin) offer({ kind: "page", href: page.href, name: page.name }, page.name);
  for (const { host, status, groups, repos } of fleet) {
    offer({ kind: "host", id: host.id, name: host.name, note: status }, host.name, `${host.tags.join(" ")} ${status}`);
    if (words.length === 0) continue;
    // The group editor is only for people who may run the group.
    for (const group of mayRun ? groups : []) {
      const place = { hostId: host.id, hostName: host.name };
      offer({ kind: "group", ...place, id: group.id, name: group.name }, group.name, host.name);
      const run = { kind: "run", ...place, groupId: group.id, groupName: group.name, note: "" } as const;
      offer(run, group.name, `run ${host.name}`);
    }
    for (const repo of repos)
      offer({ kind: "repo", id: repo.id, hostId: host.id, hostName: host.name, name: repo.name }, repo.name, host.name);
  }
  return scored
    .sort((a, b) => a.score - b.score)
    .slice(0, MOST_HITS)
    .map(({ hit }) => hit);
}
