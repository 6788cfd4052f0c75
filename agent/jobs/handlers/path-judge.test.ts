/** Which paths of a backup saved nothing, judged by their state before, by what restic saved in total, and by earlier backups. */
import { expect, test } from "bun:test";
import { type Holds, type InspectedPath, inTime } from "./inspect-paths.ts";
import { judgePaths } from "./path-judge.ts";

const there = (path: string, holds: Holds): InspectedPath => ({ path, is: "there", holds });
const codes = (...args: Parameters<typeof judgePaths>) =>
  judgePaths(...args).causes.map(({ code, paths }) => `${code} ${paths.join(" ")}`);

test("a path that never held files is no alarm beside one that does", () => {
  expect(codes([there("/etc", "files"), there("/srv", "nothing")], 10, {})).toEqual([]);
  expect(codes([there("/etc", "nothing"), there("/srv", "nothing")], 0, {})).toEqual(["nothing_saved /etc /srv"]);
});

test("restic knows best what became of its only path", () => {
  const { causes, held } = judgePaths([there("/srv", "excluded")], 3, { "/srv": 9 });
  expect({ causes, held }).toEqual({ causes: [], held: { "/srv": 3 } });
});

test("a path that could not be inspected is not judged, and what it contained is remembered", () => {
  const looks: InspectedPath[] = [
    { path: "/nfs", is: "unknown" },
    { path: "/gone", is: "missing" },
    there("/big", "unknown"),
    there("/etc", "files"),
  ];
  const before = { "/nfs": null, "/gone": null, "/big": null, "/former": null };
  const { causes, held } = judgePaths(looks, 10, before);
  expect(causes).toEqual([]);
  expect(held).toEqual({ "/nfs": null, "/gone": null, "/big": null, "/etc": null });
});

test("a link into another path of the group loses nothing, a neighbour of like name does not help", () => {
  const link = (target: string | null): InspectedPath => ({ path: "/data", is: "link", target });
  const srv = there("/srv", "files");
  expect(codes([link("/srv/data"), srv], 1, {})).toEqual([]);
  expect(codes([link("/srv-old/data"), srv], 1, {})).toEqual(["only_link_saved /data"]);
  expect(codes([link(null), srv], 1, {})).toEqual(["only_link_saved /data"]);
});

test("a file system that never answers, a failure and a cancel all come back with what was to be said instead", async () => {
  const never = () => new Promise<string>(() => {});
  const calm = new AbortController();
  expect(await inTime(never, "too late", calm.signal, 1)).toBe("too late");
  expect(await inTime(() => Promise.reject(new Error("no")), "failed", calm.signal)).toBe("failed");
  expect(await inTime(async () => "here", "too late", calm.signal)).toBe("here");
  const waiting = inTime(never, "cancelled", calm.signal);
  calm.abort();
  expect(await waiting).toBe("cancelled");
});
