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
