// Makes sure that Debian's Chromium is there: the only tool that is installed rather than unpacked, because it depends on too much.
import { existsSync } from "node:fs";
import { withLock } from "./cache.ts";
import { runCommand } from "./command.ts";
import { ToolMissing } from "./tool-missing.ts";

const CHROMIUM = "/usr/bin/chromium";
const PACKAGES = ["chromium", "fonts-dejavu-core"];

/** Returns the path of Chromium, installing it first when it is missing (as root, or by sudo without a password). */
export async function installChromium(): Promise<string> {
  if (existsSync(CHROMIUM)) return CHROMIUM;
  return await withLock("chromium", async () => {
    if (existsSync(CHROMIUM)) return CHROMIUM;
    const install = ["apt-get", "install", "--yes", "--no-install-recommends", ...PACKAGES];
    const asRoot = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
    const wait = ["-o", "DPkg::Lock::Timeout=120"];
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    await runCommand([...asRoot, "apt-get", ...wait, "update"], { env });
    const result = await runCommand([...asRoot, ...install, ...wait], { env });
    if (result.code === 0 && existsSync(CHROMIUM)) return CHROMIUM;
    throw new ToolMissing("chromium", result.stderr.trim().slice(-500), `as root: ${install.join(" ")}`);
  });
}
