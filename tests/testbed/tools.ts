// The real programs that tests use: where each comes from, and where it is in the cache.
import { existsSync } from "node:fs";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { type Suite, unpackPackage, unpackWithDependencies } from "./apt.ts";
import { cached } from "./cache.ts";
import { installChromium } from "./chromium.ts";
import { runCommand } from "./command.ts";
import { buildDebianRoot, buildWineRoot } from "./roots.ts";
import { ToolMissing } from "./tool-missing.ts";

type Recipe = {
  /** Changes when the recipe changes, so that an older copy in the cache is replaced. */
  version: string;
  /** What the ready tool is, inside its cache folder. */
  path: string;
  build: (folder: string) => Promise<void>;
  remedy: string;
};

const RECIPES = {
  "restic-0.14": restic("bookworm", "0.14.0"),
  "restic-0.18": restic("trixie", "0.18.0"),
  "restic-0.19": restic("sid", "0.19.1"),
  "restic-0.18-arm64": single("trixie", "restic:arm64", "usr/bin/restic"),
  "restic-0.19-arm64": single("sid", "restic:arm64", "usr/bin/restic"),
  "rest-server": single("trixie", "restic-rest-server", "usr/bin/restic-rest-server"),
  sshd: prefix(["openssh-server"], "usr/sbin/sshd"),
  rclone: single("sid", "rclone", "usr/bin/rclone"),
  swift: prefix(["python3-swift"], "usr/lib/python3/dist-packages"),
  "qemu-aarch64": single("bookworm", "qemu-user-static", "usr/bin/qemu-aarch64-static"),
  "arm64-sysroot": {
    version: "libc6:arm64 trixie 2",
    path: "",
    build: async (folder) => {
      await unpackPackage("trixie", "libc6:arm64", folder);
      await symlink("usr/lib", join(folder, "lib"));
    },
    remedy: "apt-get download libc6:arm64/trixie",
  },
  libfaketime: single("bookworm", "libfaketime", "usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"),
  btrfs: prefix(["btrfs-progs"], ""),
  shellcheck: prefix(["shellcheck"], "usr/bin/shellcheck"),
  busybox: single("bookworm", "busybox-static", "bin/busybox"),
  mingw: prefix(["gcc-mingw-w64-x86-64-win32"], "usr/bin/x86_64-w64-mingw32-gcc-win32"),
  "systemd-container": prefix(["systemd-container"], "usr/bin/systemd-nspawn"),
  mmdebstrap: prefix(["mmdebstrap"], "usr/bin/mmdebstrap"),
  "debian-root": { ...buildDebianRoot(mmdebstrap), remedy: "apt-get install mmdebstrap" },
  "debian-root-databases": {
    ...buildDebianRoot(mmdebstrap, ["postgresql", "sqlite3"]),
    remedy: "apt-get install mmdebstrap",
  },
  "wine-root": { ...buildWineRoot(mmdebstrap), remedy: "apt-get install mmdebstrap" },
} satisfies Record<string, Recipe>;

export type ToolName = keyof typeof RECIPES | "chromium";

/** Every tool there is, in the order in which a run should fetch them. */
export const TOOL_NAMES = ["chromium", ...Object.keys(RECIPES)] as ToolName[];

/**
 * Gets the named tools and returns the path of each; costs nothing when they are in the cache.
 * @throws {ToolMissing} for the first one that cannot be had.
 */
export async function ensureTools<T extends ToolName>(names: readonly T[]): Promise<Record<T, string>> {
  const paths: Partial<Record<T, string>> = {};
  for (const name of names) paths[name] = await ensureTool(name);
  return paths as Record<T, string>;
}

/** Gets one tool and returns its path. @throws {ToolMissing} */
export async function ensureTool(name: ToolName): Promise<string> {
  if (name === "chromium") return await installChromium();
  const recipe: Recipe = RECIPES[name];
  try {
    return join(await cached(name, recipe.version, recipe.build), recipe.path);
  } catch (error) {
    if (error instanceof ToolMissing) throw error;
    throw new ToolMissing(name, error instanceof Error ? error.message : String(error), recipe.remedy);
  }
}

/** As {@link ensureTool}, for tests that are skipped where a tool cannot be had: the reason is printed, null returned. */
export async function toolOrNull(name: ToolName): Promise<string | null> {
  try {
    return await ensureTool(name);
  } catch (error) {
    console.warn(`skipped: ${error instanceof Error ? error.message : error}`);
    return null;
  }
}

/** What a program unpacked with its dependencies needs to run: PATH, its libraries, its Perl modules. */
export function prefixEnvironment(folder: string): Record<string, string> {
  const libraries = [`${folder}/usr/lib/x86_64-linux-gnu`, `${folder}/usr/lib/x86_64-linux-gnu/systemd`];
  return {
    PATH: `${folder}/usr/bin:${folder}/usr/sbin:${process.env.PATH ?? "/usr/sbin:/usr/bin:/sbin:/bin"}`,
    LD_LIBRARY_PATH: libraries.join(":"),
    PERL5LIB: `${folder}/usr/share/perl5`,
  };
}

async function mmdebstrap(): Promise<{ program: string; env: Record<string, string> }> {
  const program = await ensureTool("mmdebstrap");
  return { program, env: prefixEnvironment(program.replace("/usr/bin/mmdebstrap", "")) };
}

function single(suite: Suite, name: string, path: string): Recipe {
  return {
    version: `${name} ${suite} 1`,
    path,
    build: async (folder) => {
      await unpackPackage(suite, name, folder);
      if (!existsSync(join(folder, path))) throw new Error(`Debian's ${name} of ${suite} holds no ${path}`);
    },
    remedy: `apt-get download ${name}/${suite}`,
  };
}

function prefix(names: string[], path: string): Recipe {
  return {
    version: `${names.join(" ")} prefix 1`,
    path,
    build: (folder) => unpackWithDependencies(names, folder),
    remedy: `apt-get install --no-install-recommends ${names.join(" ")}`,
  };
}

/** restic of one suite; tests are written for `expected`, so another version is said aloud. */
function restic(suite: Suite, expected: string): Recipe {
  const recipe = single(suite, "restic", "usr/bin/restic");
  return {
    ...recipe,
    build: async (folder) => {
      await recipe.build(folder);
      const said = (await runCommand([join(folder, recipe.path), "version"])).stdout.trim();
      if (!said.startsWith(`restic ${expected} `)) {
        console.warn(`note: tests are written for restic ${expected}; Debian ${suite} now carries: ${said}`);
      }
    },
  };
}
