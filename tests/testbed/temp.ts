// Temporary folders that are deleted when the test is over.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type TempFolder = { path: string } & AsyncDisposable;

/** Makes an own temporary folder; `await using folder = await tempFolder()` removes it at the end of the block. */
export async function tempFolder(prefix = "rm-test-"): Promise<TempFolder> {
  const path = await mkdtemp(join(tmpdir(), prefix));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export type Cleanup = {
  /** Registers work to be done at the end, in reverse order. */
  add(work: () => unknown | Promise<unknown>): void;
  tempFolder(prefix?: string): Promise<string>;
  /** Does all registered work, even when some of it fails; throws the first failure. For `afterAll` or `afterEach`. */
  run(): Promise<void>;
};

/** Collects what a test file has to take down again. */
export function createCleanup(): Cleanup {
  const works: (() => unknown | Promise<unknown>)[] = [];
  return {
    add: (work) => void works.push(work),
    tempFolder: async (prefix) => {
      const folder = await tempFolder(prefix);
      works.push(() => folder[Symbol.asyncDispose]());
      return folder.path;
    },
    run: async () => {
      const failures: unknown[] = [];
      for (const work of works.splice(0).reverse()) {
        try {
          await work();
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw failures[0];
    },
  };
}
