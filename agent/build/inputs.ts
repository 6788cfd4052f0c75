// One hash over everything an agent is built from, to tell whether a built one is out of date.

import { join } from "node:path";
import { Glob } from "bun";

const FILES = ["package.json", "bun.lock", "{agent,shared}/**/*"];
const WITHOUT_EFFECT = [/\.test\.tsx?$/, /\/testdata\//, /\.md$/];

/** Hashes the sources, the pinned packages and Bun itself; hex, 64 characters. */
export async function hashInputs(repository: string, entry: string): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  hasher.update(`${Bun.version} ${entry}\n`);
  for (const file of await inputFiles(repository)) {
    const content = Bun.SHA256.hash(await Bun.file(join(repository, file)).bytes(), "hex");
    hasher.update(`${file} ${content}\n`);
  }
  return hasher.digest("hex");
}

async function inputFiles(repository: string): Promise<string[]> {
  const found = new Set<string>();
  for (const pattern of FILES) {
    for await (const file of new Glob(pattern).scan({ cwd: repository })) {
      if (!WITHOUT_EFFECT.some((expression) => expression.test(file))) found.add(file);
    }
  }
  return [...found].sort();
}
