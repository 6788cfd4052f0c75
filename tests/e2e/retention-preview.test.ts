/** Our preview keeps what `restic forget --dry-run` keeps: random policies on a repository full of backdated snapshots, made by clocks in several zones. */
import { expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { readTime } from "../../shared/restic/time.ts";
import {
  type Dated,
  keptBy,
  parseSpan,
  type Retention,
  type RetentionRule,
  retentionArgs,
} from "../../shared/retention.ts";
import { createZone } from "../../shared/time/zone.ts";
import { cached } from "../testbed/cache.ts";
import { mustRun } from "../testbed/command.ts";
import { createRandom } from "../testbed/random.ts";
import { copyRepoTemplate, TEMPLATE_PASSWORD } from "../testbed/repo-template.ts";
import { tempFolder } from "../testbed/temp.ts";
import { ensureTool } from "../testbed/tools.ts";

const SEED = Number(process.env["RANDOM_SEED"] ?? Date.now() % 1_000_000);
const POLICIES = 12;
const HOUR = 3_600_000;
/** Zones of the machines that made the snapshots, one for all or drawn for each. The clocks of Berlin change on 2026-03-29 and 2026-10-25; ISO week 53 is in 2026. */
const BERLIN = ["Europe/Berlin"];
const MIXED = ["Europe/Berlin", "Asia/Tokyo", "UTC", "America/St_Johns", "Pacific/Kiritimati"];
const NOON = Date.parse("2026-11-20T11:00:00Z");

/** Each its own tag, so that one call of `forget` judges all of them apart. */
const HISTORIES: Record<string, { zones: string[]; times: number[] }> = {
  nightly: { zones: BERLIN, times: range(30, (n) => NOON - (n * 24 + 10) * HOUR) },
  hourly: { zones: BERLIN, times: range(30, (n) => NOON - n * HOUR * 0.8) },
  changing: { zones: BERLIN, times: clockChanges() },
  sparse: { zones: BERLIN, times: range(28, (n) => NOON - n * n * 26 * HOUR) },
  new_year: { zones: BERLIN, times: range(20, (n) => Date.parse("2025-12-24T09:30:00Z") + n * 17 * HOUR) },
  ends_of_months: {
    zones: BERLIN,
    times: ["01-31", "02-28", "03-31", "04-30", "05-31", "08-31", "10-31"].map((day) =>
      Date.parse(`2026-${day}T12:00:00Z`),
    ),
  },
  single: { zones: BERLIN, times: [Date.parse("2025-02-03T04:05:06Z")] },
  /** Each by another machine's clock. */
  mixed: { zones: MIXED, times: range(30, (n) => NOON - n * 7 * HOUR) },
  mixed_changes: { zones: MIXED, times: clockChanges() },
  /** A host that moved: its newer half by one clock, its older half by another. */
  moved: { zones: ["Asia/Tokyo", "UTC"], times: range(24, (n) => NOON - (n * 12 + 5) * HOUR) },
};

function clockChanges(): number[] {
  return [
    ...range(8, (n) => Date.parse("2026-10-24T22:10:00Z") + n * 0.5 * HOUR),
    ...range(8, (n) => Date.parse("2026-03-28T22:40:00Z") + n * 0.5 * HOUR),
  ];
}

/** Of `moved` the first half has the first zone; else the zones take turns. */
function zoneAt(tag: string, zones: readonly string[], at: number, count: number): string {
  const nr = tag === "moved" ? Math.floor((at * zones.length) / count) : at % zones.length;
  return zones[nr] as string;
}

for (const version of ["restic-0.18", "restic-0.19"] as const) {
  test(`${version} keeps what we say (RANDOM_SEED=${SEED})`, async () => {
    const restic = await ensureTool(version);
    const repo = await filledRepo();
    const random = createRandom(SEED);
    await using folder = await tempFolder();
    let removed = 0;
    for (let round = 0; round < POLICIES; round++) {
      const retention = randomPolicy(random);
      const argv = [restic, "--repo", repo, "--no-lock", "--json", "forget", "--dry-run", "--group-by", "host,tags"];
      const env = { RESTIC_PASSWORD: TEMPLATE_PASSWORD, RESTIC_CACHE_DIR: folder.path, TZ: "UTC" };
      const answer = JSON.parse(await mustRun([...argv, ...retentionArgs(retention)], { env })) as ForgetGroup[];
      expect(answer).toHaveLength(Object.keys(HISTORIES).length);
      for (const group of answer) {
        const keep = group.keep.map(snapshotTime);
        const remove = (group.remove ?? []).map(snapshotTime);
        removed += remove.length;
        const ours = keptBy(retention, [...keep, ...remove], Date.now());
        const where = `${group.tags} ${JSON.stringify(retention)}`;
        expect({ where, kept: ours.map((one) => iso(one.snapshot.time)) }).toEqual({
          where,
          kept: keep.map(({ time }) => iso(time)),
        });
        const theirs = group.reasons.map((reason) => [...new Set(reason.matches.map(ruleOf))].sort());
        expect({ where, rules: ours.map((one) => [...one.rules].sort()) }).toEqual({ where, rules: theirs });
      }
    }
    expect(removed).toBeGreaterThan(0);
  }, 120_000);
}

type ForgetGroup = {
  tags: string[];
  keep: { time: string }[];
  remove: { time: string }[] | null;
  reasons: { matches: string[] }[];
};

/** One file backed up again and again: only the times matter. */
async function filledRepo(): Promise<string> {
  const histories = JSON.stringify(HISTORIES);
  const folder = await cached("retention-repo", `retention 2 ${Bun.hash(histories)}`, async (draft) => {
    const restic = await ensureTool("restic-0.18");
    const repo = join(draft, "repo");
    await copyRepoTemplate(repo);
    await mkdir(join(draft, "source"));
    await Bun.write(join(draft, "source", "note"), "a note");
    const orders = Object.entries(HISTORIES).flatMap(([tag, { zones, times }]) =>
      times.map((at, nr) => ({ tag, at, zone: zoneAt(tag, zones, nr, times.length) })),
    );
    const next = orders.values();
    const work = async () => {
      for (const { tag, at, zone } of next) {
        const env = { RESTIC_PASSWORD: TEMPLATE_PASSWORD, RESTIC_CACHE_DIR: join(draft, "cache"), TZ: zone };
        const wall = new Date(createZone(zone).wall(at)).toISOString().slice(0, 19).replace("T", " ");
        const argv = ["--quiet", "backup", "--no-scan", "--host", "nas-01", "--tag", tag, "--time", wall, "."];
        await mustRun([restic, "--repo", repo, ...argv], { env, cwd: join(draft, "source") });
      }
    };
    await Promise.all([work(), work(), work()]);
  });
  return join(folder, "repo");
}

function randomPolicy(random: () => number): Retention {
  const upTo = (most: number) => 1 + Math.floor(random() * most);
  const spans = ["h", "d", "d", "m", "y", "m"].map((unit) => `${upTo(unit === "y" ? 2 : 40)}${unit}`);
  const policy: Record<string, number | string> = {};
  const rules = [
    ...["keep_last", "keep_hourly", "keep_daily", "keep_weekly", "keep_monthly", "keep_yearly"],
    ...["keep_within", "keep_within_hourly", "keep_within_daily", "keep_within_weekly", "keep_within_monthly"],
    "keep_within_yearly",
  ];
  const chance = 0.12 + random() * 0.4;
  for (const rule of rules) {
    if (random() > chance) continue;
    const span = spans[Math.floor(random() * spans.length)] as string;
    policy[rule] = !rule.includes("within") ? upTo(20) : random() < 0.2 ? `1y2m3d4h` : span;
    if (rule.includes("within")) expect(parseSpan(String(policy[rule]))).not.toBeNull();
  }
  if (Object.keys(policy).length === 0) policy["keep_daily"] = upTo(9);
  return policy as Retention;
}

/** `oldest monthly within 3m` → `keep_within_monthly`. */
function ruleOf(match: string): RetentionRule {
  const words = match.replace(/^oldest /, "").split(" ");
  if (words[0] === "within") return "keep_within";
  if (words[0] === "last") return "keep_last";
  return (words[1] === "within" ? `keep_within_${words[0]}` : `keep_${words[0]}`) as RetentionRule;
}

function range(count: number, at: (n: number) => number): number[] {
  return Array.from({ length: count }, (_, n) => Math.round(at(n) / 1000) * 1000);
}

function snapshotTime({ time: text }: { time: string }): Dated {
  const found = readTime(text);
  if (found === null) throw new Error(`${text} is no time`);
  return found;
}

const iso = (at: number) => new Date(at).toISOString();
