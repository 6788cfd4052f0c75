/** Paths of a new host are checked against its platform as soon as that is known. */
import { expect, test } from "bun:test";
import { Refusal } from "../http/errors.ts";
import { readNewcomer } from "./newcomer.ts";

const input = (includes: string[]) => ({
  host_name: "web-01",
  tags: [],
  includes,
  backup_now: true,
  repo: { kind: "local" as const, url: "/srv/restic" },
});
const problem = async (includes: string[], os: "linux" | "windows" | null = null) =>
  await readNewcomer(input(includes), { os }).then(
    () => null,
    (error: unknown) => (error instanceof Refusal ? error.fields["includes"] : error),
  );

test("a pending machine has reported its platform, so a path of the other platform is refused with its line", async () => {
  expect(await problem(["/srv", "C:\\Users"], "linux")).toBe(
    "Line 2: “C:\\Users” is not an absolute path, such as /home.",
  );
  expect(await problem(["C:\\Users", "/home"], "windows")).toContain("Line 2: “/home” is not an absolute path");
  expect(await problem(["/srv"], "linux")).toBeNull();
});

test("before the machine has connected, paths of either platform are accepted", async () => {
  expect(await problem(["/srv", "C:\\Users", "\\\\nas\\share"])).toBeNull();
  expect(await problem(["/srv", "home"])).toBe("Line 2: “home” is not an absolute path, such as /home or C:\\Users.");
});

test("a space at the end is not dropped silently", async () => {
  expect(await problem(["/srv/a", "", "/srv/b "])).toStartWith("Line 3: “/srv/b ” ends with a space.");
  const { newcomer } = await readNewcomer(input(["  /srv/a", "/srv/b /", "C:\\Users "]));
  expect(newcomer.includes).toEqual(["/srv/a", "/srv/b /", "C:\\Users"]);
});
