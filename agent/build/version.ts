/** Which version a build is: `0.2.0-dev.N+COMMIT` out of a git checkout, package.json's own for a release. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

export type CheckoutState = {
  /** Since the last release's tag, else in all; null in a shallow clone, which cannot count. */
  commits: number | null;
  /** Abbreviated. */
  commit: string;
  isChanged: boolean;
};

export function releaseVersion(repository: string): string {
  return (JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as { version: string }).version;
}

/** @param state null outside of a checkout, or without git */
export function developmentVersion(release: string, state: CheckoutState | null): string {
  if (state === null) return `${release}-dev`;
  const count = state.commits === null ? "" : `.${state.commits}`;
  return `${release}-dev${count}+${state.commit}${state.isChanged ? ".changed" : ""}`;
}

export function readCheckout(repository: string): CheckoutState | null {
  const commit = git(repository, "rev-parse", "--short=7", "HEAD");
  if (commit === null) return null;
  const tag = git(repository, "describe", "--tags", "--abbrev=0", "--match=v[0-9]*");
  const isShallow = git(repository, "rev-parse", "--is-shallow-repository") === "true";
  const commits = isShallow ? null : git(repository, "rev-list", "--count", tag ? `${tag}..HEAD` : "HEAD");
  return {
    commit,
    commits: commits === null ? null : Number(commits),
    isChanged: git(repository, "status", "--porcelain", "--untracked-files=no") !== "",
  };
}

export function versionOfBuild(repository: string, { release = false } = {}): string {
  const planned = releaseVersion(repository);
  return release ? planned : developmentVersion(planned, readCheckout(repository));
}

/** For the server, which is not compiled: it reads the file when it starts. */
export function writeVersion(folder: string, version: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "version.json"), `${JSON.stringify({ version })}\n`);
}

/** null when git is missing or says no. */
function git(repository: string, ...args: string[]): string | null {
  try {
    const { exitCode, stdout } = Bun.spawnSync(["git", "-C", repository, ...args], { stderr: "ignore" });
    return exitCode === 0 ? stdout.toString().trim() : null;
  } catch {
    return null;
  }
}

if (import.meta.main) {
  const repository = resolve(import.meta.dir, "../..");
  writeVersion(join(repository, "dist"), versionOfBuild(repository));
}
