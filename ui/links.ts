// Addresses that carry their state: filters, sort, page.

export type Query = Record<string, string | number | readonly string[] | null | undefined>;

/** A path with a query string; empty values are left out. */
export function hrefOf(path: string, query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined || value === "") continue;
    for (const one of typeof value === "object" ? value : [String(value)]) search.append(name, one);
  }
  const words = search.toString();
  return words ? `${path}?${words}` : path;
}

export type HostTab = "snapshots" | "sources" | "schedules" | "repos" | "jobs" | "settings";

export function hostPath(id: string, tab: HostTab = "snapshots"): string {
  return tab === "snapshots" ? `/hosts/${id}` : `/hosts/${id}/${tab}`;
}

/** Where a person agrees to what a held retention would remove. Operators only. */
export function heldPath(hostId: string, groupId: string): string {
  return `/hosts/${hostId}/sources/${groupId}#held`;
}
