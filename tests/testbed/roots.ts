// Root file systems for containers and chroots: a Debian 12 with systemd, and a Debian 13 with wine.
import { join } from "node:path";
import { debianMirror } from "./apt.ts";
import { mustRun } from "./command.ts";
import { wineCommand } from "./wine-chroot.ts";

type Bootstrap = () => Promise<{ program: string; env: Record<string, string> }>;
type RootRecipe = { version: string; path: string; build: (folder: string) => Promise<void> };

const SYSTEMD_PACKAGES = ["systemd", "systemd-sysv", "dbus", "curl", "wget", "ca-certificates", "iproute2", "cron"];
const WINE_PACKAGES = ["wine", "wine64"];

/** A compressed Debian 12 that boots systemd: `root.tar.zst`, unpacked anew for every container. */
export function buildDebianRoot(bootstrap: Bootstrap, more: readonly string[] = []): RootRecipe {
  const packages = [...SYSTEMD_PACKAGES, ...more];
  return {
    version: `bookworm ${packages.join(" ")} 1`,
    path: "root.tar.zst",
    build: async (folder) => {
      const tar = join(folder, "root.tar");
      await debootstrap(bootstrap, "bookworm", packages, tar);
      await mustRun(["zstd", "-q", "-3", "--rm", tar, "-o", join(folder, "root.tar.zst")]);
    },
  };
}

/** An unpacked Debian 13 with a wine new enough for our executable, and its Windows drive set up in /root/.wine. */
export function buildWineRoot(bootstrap: Bootstrap): RootRecipe {
  return {
    version: `trixie ${WINE_PACKAGES.join(" ")} 2`,
    path: "root",
    build: async (folder) => {
      const root = join(folder, "root");
      await debootstrap(bootstrap, "trixie", WINE_PACKAGES, root);
      const program = ["sh", "-c", "wineboot -i && wineserver -w"];
      await mustRun(wineCommand({ root, prepare: [], program, env: {} }), { timeoutMs: 120_000 });
    },
  };
}

async function debootstrap(bootstrap: Bootstrap, suite: string, packages: string[], target: string): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error("a root file system can be made by root only");
  const { program, env } = await bootstrap();
  const trimmed = ["man", "locale", "doc"].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`);
  const include = `--include=${packages.join(",")}`;
  await mustRun([program, "--variant=minbase", include, ...trimmed, suite, target, debianMirror()], { env });
}
