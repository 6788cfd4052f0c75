// Addresses of pages with their filters, sort order and offset.

export type Query = Record<string, string | number | readonly string[] | null | undefined>;

/** A path with a query string. Empty values are left out. */
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

/** Where operators confirm a held retention change. */
export function heldPath(hostId: string, groupId: string): string {
  return `/hosts/${hostId}/sources/${groupId}#held`;
}

/** Where operators hold deletion; with a host, that host is chosen in the form. */
export function deletionHoldsPath(hostId: string | null = null): string {
  return hrefOf("/deletion-holds", { host_id: hostId });
}
