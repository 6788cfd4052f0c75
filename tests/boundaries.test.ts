/** Proves the house rules: who imports whom, where I/O may happen, how files are named. Each failure prints the rule's reason. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const ROOT = resolve(import.meta.dir, "..");
const CODE_FOLDERS = ["agent", "db", "server", "shared", "ui"];
const TOP_LEVEL = new Set([
  ...["bunfig.toml", "package.json", "tsconfig.json", "server", "agent", "shared", "db", "ui", "install"],
  ...["Dockerfile", "compose.yaml", "LICENSE", "README.md", "tests", "docs", "bun.lock", "biome.json", "uno.config.ts"],
]);
/** Made by tools, never committed. */
const IGNORED = new Set(["node_modules", "dist", "data"]);

/** Features of the server by rank: each may import only what stands before it. */
const RANKS = [
  ["runtime"],
  ["http"],
  ["auth"],
  ["users"],
  ["agents"],
  ["hosts"],
  ["repos"],
  ["deletion-holds"],
  ["source-groups"],
  ["schedules"],
  ["desired-state"],
  ["jobs"],
  ["enrollment"],
  ["agent-updates", "snapshots"],
  ["restores", "maintenance"],
  ["repo-page"],
  ["notifications"],
  ["alerts"],
  ["upkeep"],
  ["metrics", "dashboard", "audit", "settings", "api-docs"],
  ["commands"],
];

/** Rooms of the agent by rank, lowest first: each may import only what stands before it. Files at the root are named in full. */
const AGENT_RANKS = [
  ["words.ts", "timings.ts"],
  ["machine", "store"],
  ["config.ts", "outbox"],
  ["restic"],
  ["state"],
  ["jobs"],
  ["schedule", "link"],
  ["upkeep.ts", "join"],
  ["agent.ts"],
  ["cli"],
  ["main.ts"],
];
/** Not part of the program: what compiles it, and what its tests use. */
const BESIDE_THE_AGENT = ["build", "testing"];

type Source = { path: string; text: string; imports: { target: string; isType: boolean; names: string }[] };

function walk(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

const sources: Source[] = CODE_FOLDERS.flatMap(walk).map((path) => {
  const text = readFileSync(join(ROOT, path), "utf8");
  const imports = [...text.matchAll(/(?:^|\n)\s*(?:import|export)\s+(type\s+)?([^"';]*?)from\s+"([^"]+)"/g)].map(
    (match) => ({
      isType: match[1] !== undefined,
      names: match[2] ?? "",
      target: match[3]?.startsWith(".") ? relative(ROOT, resolve(ROOT, dirname(path), match[3])) : (match[3] ?? ""),
    }),
  );
  return { path, text, imports };
});
const product = sources.filter(({ path }) => !/\.test\.tsx?$/.test(path));
const isOurs = (target: string) => CODE_FOLDERS.some((folder) => target.startsWith(`${folder}/`));
const topOf = (path: string) => path.split("/")[0] ?? "";

function offences(rule: (source: Source) => string[], among = product): string[] {
  return among.flatMap((source) => rule(source).map((what) => `${source.path}: ${what}`));
}

test("the top level holds what architecture.md lists, and dot-files of tools", () => {
  const strangers = readdirSync(ROOT).filter(
    (name) => !name.startsWith(".") && !TOP_LEVEL.has(name) && !IGNORED.has(name),
  );
  expect(strangers).toEqual([]);
});

test("agent, db and ui know only what is shared; ui also the rows' types: the server can be rebuilt without touching them", () => {
  const allowed: Record<string, string[]> = {
    shared: ["shared"],
    agent: ["agent", "shared"],
    db: ["db", "shared"],
    ui: ["ui", "shared", "db"],
  };
  const found = offences(({ path, imports }) => {
    const list = allowed[topOf(path)];
    if (!list) return [];
    return imports
      .filter(({ target }) => isOurs(target) || target === "uno.config.ts")
      .filter(({ target, isType, names }) => {
        if (!list.includes(topOf(target))) return true;
        if (topOf(path) !== "ui" || topOf(target) !== "db") return false;
        return !(isType || onlyTypes(names)) || !/^db\/(schema|queries)\//.test(target);
      })
      .map(({ target }) => `imports ${target}`);
  });
  expect(found).toEqual([]);
});

test("nobody but tests imports server or agent: they are programs, not libraries", () => {
  const found = offences(({ path, imports }) =>
    imports
      .filter(({ target }) => ["server", "agent"].includes(topOf(target)) && topOf(target) !== topOf(path))
      .map(({ target }) => `imports ${target}`),
  );
  expect(found).toEqual([]);
});

test("server features import only downwards: commands go down by call, facts go up by the bus", () => {
  const rankOf = (path: string) => RANKS.findIndex((rank) => rank.includes(path.split("/")[1] ?? ""));
  const unknown = product
    .filter(({ path }) => /^server\/[^/]+\//.test(path) && rankOf(path) < 0)
    .map(({ path }) => path);
  expect(unknown).toEqual([]);
  const found = offences(({ path, imports }) => {
    if (!/^server\/[^/]+\//.test(path)) return [];
    const own = path.split("/")[1];
    return (
      imports
        .filter(({ target }) => topOf(target) === "server" && target.split("/")[1] !== own)
        .filter(({ target }) => !/^server\/[^/]+\//.test(target) || rankOf(target) >= rankOf(path))
        // Commands stand above everything, as main does.
        .filter(({ target }) => !(own === "commands" && !/^server\/[^/]+\//.test(target)))
        .map(({ target }) => `imports ${target}`)
    );
  });
  expect(found).toEqual([]);
});

test("rules of the server know no page: only files that make pages import ui", () => {
  const makesPages = /(?:^|\/)(?:pages|page-maker|page-data|[a-z-]+-pages?)\.tsx?$/;
  const found = offences(({ path, imports }) => {
    if (topOf(path) !== "server" || makesPages.test(path)) return [];
    return imports.filter(({ target }) => topOf(target) === "ui").map(({ target }) => `imports ${target}`);
  });
  expect(found).toEqual([]);
});

test("the agent's rooms import only downwards: a message leads to a job, a job to restic, and everything comes back through the outbox", () => {
  const roomOf = (path: string) => path.split("/")[1] ?? "";
  const rankOf = (path: string) => AGENT_RANKS.findIndex((rank) => rank.includes(roomOf(path)));
  const own = product.filter(({ path }) => topOf(path) === "agent" && !BESIDE_THE_AGENT.includes(roomOf(path)));
  expect(own.filter(({ path }) => rankOf(path) < 0).map(({ path }) => path)).toEqual([]);
  const found = offences(
    ({ path, imports }) =>
      imports
        .filter(({ target }) => topOf(target) === "agent" && roomOf(target) !== roomOf(path))
        .filter(({ target }) => rankOf(target) < 0 || rankOf(target) >= rankOf(path))
        .map(({ target }) => `imports ${target}`),
    own,
  );
  expect(found).toEqual([]);
});

test("there are no import circles, type imports included: every file can be read after the ones it imports", () => {
  expect(importCircles(["agent", "db", "server", "shared", "ui"])).toEqual([]);
});

test("SQL and drizzle stay in db/: one place knows the tables", () => {
  const found = offences(({ path, text, imports }) => {
    if (topOf(path) === "db" || path.startsWith("agent/store/")) return [];
    const drizzle = imports
      .filter(({ target }) => target.startsWith("drizzle-orm"))
      .map(({ target }) => `imports ${target}`);
    const raw =
      /\$client|\bSELECT\b[^\n]{1,80}\bFROM\b|\bINSERT (?:OR \w+ )?INTO\b|\bUPDATE \w+ SET\b|\bDELETE FROM\b/.test(text)
        ? ["holds SQL"]
        : [];
    return [...drizzle, ...raw];
  });
  expect(found).toEqual([]);
});

test("queries are made by drizzle's builder; plain SQL says why: most of it is faster for thousands of rows only", () => {
  const found = offences(({ path, text }) => {
    if (!path.startsWith("db/queries/")) return [];
    const [head = "", ...declarations] = text.split(/\n\n(?=\/\*\*|export |const |function |type )/);
    if (/plain SQL/i.test(head)) return [];
    return declarations
      .filter((one) => one.includes("$client") && !/plain SQL/i.test(one))
      .map((one) => `no reason for plain SQL at: ${one.split("\n")[0]}`);
  });
  expect(found).toEqual([]);
});

test("restic is spawned in one place; other programs only where the service and the machine are asked", () => {
  const mayStart = /^agent\/(restic\/run|restic\/binary|machine\/sysinfo|schedule\/roaming|service\/|cli\/|build\/)/;
  const found = offences(({ path, text }) =>
    /Bun\.spawn|from "node:child_process"|Bun\.\$/.test(text) && !mayStart.test(path) ? ["starts a process"] : [],
  );
  expect(found).toEqual([]);
});

test("process.env is read in the two config files only: settings have one list", () => {
  const found = offences(({ path, text }) =>
    /process\.env|Bun\.env/.test(text) &&
    !["server/runtime/config.ts", "agent/config.ts"].includes(path) &&
    !path.startsWith("agent/build/")
      ? ["reads the environment"]
      : [],
  );
  expect(found).toEqual([]);
});

test("setInterval lives in ticker, scheduler and connection only: whatever repeats is declared", () => {
  const may = ["server/runtime/ticker.ts", "agent/schedule/scheduler.ts", "agent/link/connection.ts"];
  const found = offences(({ path, text }) =>
    /\bsetInterval\(/.test(text) && !may.includes(path) && !path.startsWith("ui/client/") ? ["repeats by itself"] : [],
  );
  expect(found).toEqual([]);
});

test("no code decides by the words of a sentence: codes and types do", () => {
  // restic says some things in words only; these files read them, against its real output.
  const readsRestic = /^agent\/restic\/|^agent\/handlers\/(backup-report|check)\.ts$/;
  const decides = /\.(?:startsWith|endsWith|includes|indexOf|split)\(\s*["'`][A-Z]?[a-z’']+ [a-z][^"'`]*["'`]/g;
  const found = offences(({ path, text }) => (readsRestic.test(path) ? [] : (text.match(decides) ?? [])));
  expect(found).toEqual([]);
});

test("files say what they are for, stay small, and have names of things", () => {
  const found = offences(({ path, text }) => {
    const lines = text.split("\n").length;
    const name = path.split("/").at(-1) ?? "";
    return [
      ...(lines > 401 ? [`has ${lines} lines, more than 400`] : []),
      ...(/^\s*(\/\/|\/\*\*?)/.test(text) || /\.d\.ts$/.test(path) ? [] : ["does not say at its head what it is for"]),
      ...(/^(index|utils?|helpers?|common|misc|lib|manager|service|core|dto|controller)\.tsx?$/.test(name)
        ? ["has a name that says nothing"]
        : []),
    ];
  });
  expect(found).toEqual([]);
});

test("the wiring stays a list: what a feature is made of stands in its own folder", () => {
  const wiring = product.find(({ path }) => path === "server/wiring.ts");
  expect(wiring?.text.split("\n").length).toBeLessThanOrEqual(121);
});

test("the repository speaks of no machine: no absolute path of a developer, nothing outside the tree", () => {
  const found = offences(
    ({ text }) => (/\/work\/|\.\.\/shared\/(spec|design|recipes|samples)/.test(text) ? ["names a path outside"] : []),
    sources,
  );
  expect(found).toEqual([]);
});

function onlyTypes(names: string): boolean {
  const inner = /\{([^}]*)\}/.exec(names)?.[1] ?? "";
  return inner !== "" && inner.split(",").every((name) => name.trim() === "" || name.trim().startsWith("type "));
}

/** Circles among the files of these folders, each as the path from a file back to itself. */
function importCircles(folders: readonly string[]): string[] {
  const inside = product.filter(({ path }) => folders.includes(topOf(path)));
  const importsOf = new Map(inside.map(({ path, imports }) => [path, imports.map(({ target }) => target)]));
  const done = new Set<string>();
  const circles: string[] = [];
  const follow = (path: string, way: readonly string[]) => {
    const at = way.indexOf(path);
    if (at >= 0) circles.push([...way.slice(at), path].join(" → "));
    if (at >= 0 || done.has(path)) return;
    for (const target of importsOf.get(path) ?? []) if (importsOf.has(target)) follow(target, [...way, path]);
    done.add(path);
  };
  for (const path of importsOf.keys()) follow(path, []);
  return circles;
}
