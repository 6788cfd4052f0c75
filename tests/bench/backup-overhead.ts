// Row: a backup through the agent compared with plain `restic backup` of the same tree to the same kind of repository.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { copyRepoTemplate } from "../testbed/repo-template.ts";
import { ensureTool } from "../testbed/tools.ts";
import { type AgentScene, openAgentScene } from "./agent-scene.ts";
import { median } from "./figures.ts";
import { processorTime } from "./process-cost.ts";
import type { BenchContext, Row } from "./row.ts";

const FILES = 20_000;
const FILES_PER_FOLDER = 200;
const FILE_BYTES = 53_687;
const PAIRS = 7;

export const backupOverhead: Row = {
  name: "backup-overhead",
  how: `${FILES} files, 1 GiB; ${PAIRS} interleaved pairs into fresh copies of an empty repository in memory; from Run now to the end at the browser against the life of the process`,
  async run(context) {
    const restic = await ensureTool("restic-0.19");
    const source = await makeTree(context);
    const repositories = repositoryFolder(context);
    const scene = await openAgentScene(context, { restic, source, repositoryFolder: join(repositories, "agent") });
    const plain = await plainRestic(context, { restic, source, repository: join(repositories, "plain") });
    // Once each, so that the tree is in the page cache for all that count.
    await plain();
    await throughAgent(scene);
    const pairs: { plainMs: number; agentMs: number; agentCpu: number; resticCpu: number }[] = [];
    for (let n = 0; n < PAIRS; n++) {
      const first = n % 2 === 0 ? await plain() : null;
      const agent = await throughAgent(scene);
      const { ms, cpuMs } = first ?? (await plain());
      pairs.push({ plainMs: ms, agentMs: agent.ms, agentCpu: agent.ownCpuMs, resticCpu: cpuMs });
      const words = `plain ${Math.round(ms)} ms, agent ${Math.round(agent.ms)} ms; CPU: restic ${Math.round(cpuMs)} ms, `;
      context.say(`${words}agent ${agent.ownCpuMs} ms, restic below it ${agent.resticCpuMs} ms`);
    }
    return [
      {
        what: "backup through the agent ÷ plain restic, median of pairs",
        value: median(pairs.map(({ plainMs, agentMs }) => agentMs / plainMs)),
        unit: "×",
        atMost: 1.03,
      },
      {
        what: "agent's own CPU ÷ restic's CPU, median of pairs",
        value: median(pairs.map(({ agentCpu, resticCpu }) => agentCpu / resticCpu)),
        unit: "×",
        atMost: 0.03,
      },
      { what: "plain restic, median", value: median(pairs.map(({ plainMs }) => plainMs)), unit: "ms" },
      { what: "through the agent, median", value: median(pairs.map(({ agentMs }) => agentMs)), unit: "ms" },
    ];
  },
};

/** In memory where there is such a folder: the disk's moods are larger than what is measured. */
function repositoryFolder({ cleanup }: BenchContext): string {
  const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "rm-bench-"));
  cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Half of each file is random, half compresses well. */
async function makeTree({ cleanup }: BenchContext): Promise<string> {
  const root = await cleanup.tempFolder();
  const half = FILE_BYTES >> 1;
  const content = Buffer.alloc(FILE_BYTES);
  for (let n = 0; n < FILES; n++) {
    const folder = join(root, `folder-${Math.floor(n / FILES_PER_FOLDER)}`);
    if (n % FILES_PER_FOLDER === 0) mkdirSync(folder);
    crypto.getRandomValues(content.subarray(0, half));
    content.fill(`line ${n} of a text that repeats itself\n`, half);
    writeFileSync(join(folder, `file-${n}`), content);
  }
  return root;
}

type PlainOptions = { restic: string; source: string; repository: string };

async function plainRestic({ cleanup }: BenchContext, { restic, source, repository }: PlainOptions) {
  const home = await cleanup.tempFolder();
  return async (): Promise<{ ms: number; cpuMs: number }> => {
    rmSync(repository, { recursive: true, force: true });
    const { env } = await copyRepoTemplate(repository);
    const cache = join(home, "cache");
    rmSync(cache, { recursive: true, force: true });
    const argv = ["backup", "--tag", "default", "--host", "bench", "--group-by", "host,tags", "--exclude-caches"];
    const startedAt = performance.now();
    const child = Bun.spawn([restic, "--repo", repository, ...argv, source], {
      env: { ...env, RESTIC_CACHE_DIR: cache, HOME: home, PATH: "/usr/bin:/bin" },
      stdout: "ignore",
      stderr: "inherit",
      stdin: "ignore",
    });
    const code = await child.exited;
    const ms = performance.now() - startedAt;
    if (code !== 0) throw new Error(`plain restic ended with ${code}`);
    const used = child.resourceUsage()?.cpuTime.total ?? 0;
    return { ms, cpuMs: Number(used) / 1000 };
  };
}

async function throughAgent(scene: AgentScene): Promise<{ ms: number; ownCpuMs: number; resticCpuMs: number }> {
  await scene.quiet();
  rmSync(scene.repository, { recursive: true, force: true });
  await copyRepoTemplate(scene.repository);
  rmSync(join(scene.home, "state/cache/restic"), { recursive: true, force: true });
  const before = processorTime(scene.agent.pid);
  const startedAt = performance.now();
  const { status, error_message } = await scene.ended(await scene.run());
  const ms = performance.now() - startedAt;
  const after = processorTime(scene.agent.pid);
  if (status !== "succeeded") throw new Error(`the backup ended as ${status}: ${error_message}`);
  return { ms, ownCpuMs: after.ownMs - before.ownMs, resticCpuMs: after.childrenMs - before.childrenMs };
}
