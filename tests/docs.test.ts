/** Keeps the manual in step with the product: it names every setting, command, flag and route, none that do not exist, and its links work. */
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { COMMANDS as AGENT_COMMANDS } from "../agent/cli/table.ts";
import { SETTINGS } from "../server/runtime/config-table.ts";
import { startApp } from "./testbed/app.ts";
import { mustRun } from "./testbed/command.ts";
import { createCleanup } from "./testbed/temp.ts";

const ROOT = resolve(import.meta.dir, "..");
const cleanup = createCleanup();
afterAll(cleanup.run);

const pages = ["README.md", ...markdownIn("docs"), ...markdownIn(".github")];
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const everything = pages.map(read).join("\n");

/** Environment names that are no settings of the server. */
const OTHER_NAMES = [
  ...["RM_CONFIG", "RM_TOKEN", "RM_AGENT_CONFIG", "RM_AGENT_STATE", "RM_TEST_CACHE"],
  // What a hook is told.
  ...["RM_JOB_ID", "RM_JOB_KIND", "RM_JOB_STATUS", "RM_SOURCE_GROUP", "RM_REPO", "RM_SNAPSHOT_ID"],
];

describe("settings", () => {
  const manual = read("docs/operations.md");

  test("each stands in the manual's table, with its default", () => {
    const rows = manual.split("\n").filter((line) => line.startsWith("| `RM_"));
    const missing = SETTINGS.filter(({ name, default: value }) => {
      const row = rows.find((line) => (line.split("|")[1] ?? "").includes(`\`${name}\``));
      return !row || (value !== null && !row.includes(`\`${value}\``));
    });
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  test("no name is told that nobody reads", () => {
    const known = new Set<string>([...SETTINGS.map(({ name }) => name), ...OTHER_NAMES]);
    const told = new Set(everything.match(/\bRM_[A-Z]+(?:_[A-Z]+)*\b/g));
    expect([...told].filter((name) => !known.has(name))).toEqual([]);
  });
});

describe("commands", () => {
  test("the server's stand in the README and the manual", async () => {
    const usage = await mustRun([process.execPath, join(ROOT, "server/main.ts"), "help"]);
    const names = [...usage.matchAll(/^ {2}(\S+)/gm)].map((match) => match[1] ?? "");
    expect(names).toContain("serve");
    for (const page of ["README.md", "docs/operations.md"]) {
      const text = read(page);
      expect(names.filter((name) => !new RegExp(`^\\| \`${name}[ \`]`, "m").test(text))).toEqual([]);
    }
  });

  test("the agent's stand in its page, with every flag, and in the README", () => {
    const page = read("docs/agent.md");
    const rows = page.split("\n").filter((line) => line.startsWith("| `"));
    const missing = AGENT_COMMANDS.flatMap(({ name, flags }) => {
      const row = rows.find((line) => line.startsWith(`| \`${name} `) || line.startsWith(`| \`${name}\``));
      return row ? flags.filter((flag) => !row.includes(flag.name)).map((flag) => `${name} ${flag.name}`) : [name];
    });
    expect(missing).toEqual([]);
    expect(AGENT_COMMANDS.filter(({ name }) => !read("README.md").includes(name)).map(({ name }) => name)).toEqual([]);
  });

  test("scripts that are told exist", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const told = [...everything.matchAll(/\bnpm run (?:--silent )?([a-z]+)/g)].map((match) => match[1] ?? "");
    expect(told.length).toBeGreaterThan(0);
    expect(told.filter((name) => !(name in scripts))).toEqual([]);
  });
});

test("the REST page lists exactly the routes that exist", async () => {
  const { wired } = await startApp(cleanup);
  const isPage = (summary: string, path: string) => /^Page/.test(summary) || path === "/setup";
  const real = wired.routes
    .filter(({ summary, path }) => !isPage(summary, path))
    .map(({ method, path }) => `${method} ${path}`);
  const told = [...read("docs/api.md").matchAll(/^\| `([A-Z]+ \/[^`]*)` \|/gm)].map((match) => match[1] ?? "");
  expect(told.toSorted()).toEqual(real.toSorted());
});

describe("links", () => {
  const links = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => ({ page, target: match[1] ?? "" })),
  );
  const local = links.filter(({ target }) => !/^[a-z]+:/.test(target));

  test("lead to files that exist", () => {
    const dead = local.filter(({ page, target }) => !existsSync(fileOf(page, target)));
    expect(dead.map(({ page, target }) => `${page}: ${target}`)).toEqual([]);
  });

  test("lead to headings that exist", () => {
    const dead = local
      .filter(({ target }) => target.includes("#"))
      .filter(({ page, target }) => !headings(fileOf(page, target)).includes(target.split("#")[1] ?? ""));
    expect(dead.map(({ page, target }) => `${page}: ${target}`)).toEqual([]);
  });

  test("no page of the manual is left aside", () => {
    const reached = new Set(local.map(({ page, target }) => relative(ROOT, fileOf(page, target))));
    expect(markdownIn("docs").filter((page) => !reached.has(page) && !everything.includes(`\`${page}\``))).toEqual([]);
  });
});

function fileOf(page: string, target: string): string {
  const path = target.split("#")[0];
  return path ? resolve(ROOT, dirname(page), path) : join(ROOT, page);
}

/** The anchors that a forge makes of a page's headings. */
function headings(file: string): string[] {
  if (!file.endsWith(".md") || !existsSync(file)) return [];
  return [...readFileSync(file, "utf8").matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] ?? "")
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

function markdownIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name))
    .sort();
}
