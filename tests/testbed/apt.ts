// Fetches Debian packages of any suite and unpacks them into folders; installs nothing on the machine.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder, withLock } from "./cache.ts";
import { mustRun, runCommand } from "./command.ts";
import { ToolMissing } from "./tool-missing.ts";

export type Suite = "bookworm" | "trixie" | "sid";

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** The Debian mirror that this machine is set up with, or `DEBIAN_MIRROR` (Ubuntu's sources name none). @throws ToolMissing */
export function debianMirror(): string {
  const named = process.env["DEBIAN_MIRROR"];
  if (named) return named.replace(/\/+$/, "");
  const folder = "/etc/apt/sources.list.d";
  const files = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  for (const file of ["/etc/apt/sources.list", ...files]) {
    const found = existsSync(file) ? mirrorIn(readFileSync(file, "utf8")) : null;
    if (found) return found;
  }
  throw new ToolMissing(
    "Debian's packages",
    "no source of this machine names a Debian archive",
    "Set DEBIAN_MIRROR to the address of a Debian mirror, such as http://mirror.example/debian",
  );
}

/** Finds the main Debian archive in a sources file of either format; null when it names none. */
export function mirrorIn(sources: string): string | null {
  const lines = sources.split("\n").filter((line) => !line.trimStart().startsWith("#"));
  const match = /(?:^|\s)(https?:\/\/\S+\/debian)\/?(?=\s|$)/m.exec(lines.join("\n"));
  return match?.[1] ?? null;
}

/** The machine's Debian architecture, such as `amd64`. */
async function nativeArch(): Promise<string> {
  return (await mustRun(["dpkg", "--print-architecture"])).trim();
}

/** Downloads one package (`name` or `name:arch`) of a suite, without its dependencies, and unpacks it into `folder`. */
export async function unpackPackage(suite: Suite, name: string, folder: string): Promise<void> {
  await withDownloads(async (downloads) => {
    await withFreshLists((options) =>
      runCommand(["apt-get", ...options, "download", `${name}/${suite}`], { cwd: downloads }),
    );
    await unpackAll(downloads, folder);
  }, folder);
}

/** Downloads packages of this machine's release with the dependencies that the machine lacks, and unpacks all into `folder`. */
export async function unpackWithDependencies(names: string[], folder: string): Promise<void> {
  await withDownloads(async (downloads) => {
    await mkdir(join(downloads, "partial"), { recursive: true });
    await withFreshLists((options) =>
      runCommand(
        [
          ...["apt-get", ...options, "-o", `Dir::Cache::archives=${downloads}`, "-o", "Debug::NoLocking=true"],
          ...["install", "--yes", "--reinstall", "--no-install-recommends", "--download-only", ...names],
        ],
        { env: { DEBIAN_FRONTEND: "noninteractive" } },
      ),
    );
    await unpackAll(downloads, folder);
  }, folder);
}

async function withDownloads(work: (downloads: string) => Promise<void>, folder: string): Promise<void> {
  const downloads = `${folder}.debs`;
  await rm(downloads, { recursive: true, force: true });
  await mkdir(downloads, { recursive: true });
  try {
    await work(downloads);
  } finally {
    await rm(downloads, { recursive: true, force: true });
  }
}

async function unpackAll(downloads: string, folder: string): Promise<void> {
  const debs = (await readdir(downloads)).filter((name) => name.endsWith(".deb"));
  if (debs.length === 0) throw new Error(`apt-get downloaded no package for ${folder}`);
  for (const deb of debs) await mustRun(["dpkg", "-x", join(downloads, deb), folder]);
}

/** Runs an apt command; when it fails the package lists may be old: updates them and tries once more. */
async function withFreshLists(command: (options: string[]) => ReturnType<typeof runCommand>): Promise<void> {
  const apt = join(cacheFolder(), "apt");
  const options = await aptOptions(apt);
  const updated = await withLock("apt-lists", async () => {
    if (existsSync(join(apt, "lists-complete"))) return false;
    await updateLists(apt, options);
    return true;
  });
  let result = await command(options);
  if (result.code !== 0 && !updated) {
    await withLock("apt-lists", () => updateLists(apt, options));
    result = await command(options);
  }
  if (result.code !== 0) throw new Error(`apt-get failed: ${result.stderr.trim().slice(-1500)}`);
}

async function updateLists(apt: string, options: string[]): Promise<void> {
  if (!existsSync(KEYRING)) throw new Error(`${KEYRING} is missing: apt-get install debian-archive-keyring`);
  await mkdir(join(apt, "lists", "partial"), { recursive: true });
  await mkdir(join(apt, "cache"), { recursive: true });
  const native = await nativeArch();
  const arches = native === "arm64" ? "arm64" : `${native},arm64`;
  const source = (suite: Suite) => `deb [arch=${arches} signed-by=${KEYRING}] ${debianMirror()} ${suite} main\n`;
  await writeFile(join(apt, "sources.list"), `${source("bookworm")}${source("trixie")}${source("sid")}`);
  await mustRun(["apt-get", ...options, "update", "--error-on=any"]);
  await writeFile(join(apt, "lists-complete"), "");
}

async function aptOptions(apt: string): Promise<string[]> {
  const native = await nativeArch();
  const settings = [
    `Dir::Etc::sourcelist=${join(apt, "sources.list")}`,
    "Dir::Etc::sourceparts=/dev/null",
    `Dir::State::lists=${join(apt, "lists")}`,
    `Dir::Cache=${join(apt, "cache")}`,
    "Dir::Cache::pkgcache=pkgcache.bin",
    "Dir::Cache::srcpkgcache=srcpkgcache.bin",
    "APT::Sandbox::User=root",
    `APT::Default-Release=${machineSuite()}`,
    "Acquire::Languages=none",
    "APT::Get::AllowUnauthenticated=false",
    `APT::Architectures::=${native}`,
    ...(native === "arm64" ? [] : ["APT::Architectures::=arm64"]),
  ];
  return settings.flatMap((setting) => ["-o", setting]);
}

function machineSuite(): Suite {
  const release = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  const name = /^VERSION_CODENAME=(\w+)/m.exec(release)?.[1];
  return name === "trixie" || name === "sid" ? name : "bookworm";
}
