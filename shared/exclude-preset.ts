/** Default excludes of new source groups: what is not data, is recreated automatically or cannot be restored. */

const LINUX = [
  "/proc",
  "/sys",
  "/dev",
  "/run",
  "/tmp",
  "/var/tmp",
  "/swapfile",
  "/swap.img",
  "/var/lib/docker/overlay2",
  "/var/lib/containers/storage/overlay",
  "/home/*/.local/share/containers/storage/overlay",
  "**/.cache/mozilla",
  "**/.cache/google-chrome",
  "**/.cache/chromium",
];

const WINDOWS = [
  "C:\\pagefile.sys",
  "C:\\swapfile.sys",
  "C:\\hiberfil.sys",
  "C:\\$Recycle.Bin",
  "C:\\System Volume Information",
  "C:\\Windows\\Temp",
  "C:\\Users\\*\\AppData\\Local\\Temp",
  "C:\\Users\\*\\AppData\\Local\\Google\\Chrome\\User Data\\*\\Cache",
  "C:\\Users\\*\\AppData\\Local\\Mozilla\\Firefox\\Profiles\\*\\cache2",
  "C:\\Users\\*\\AppData\\Local\\Microsoft\\Edge\\User Data\\*\\Cache",
];

/** An include below `/tmp` is deliberate, so excludes that would empty an include are dropped. */
export function excludePreset(os: "linux" | "windows", includes: readonly string[] = []): string[] {
  const separator = os === "windows" ? "\\" : "/";
  const covers = (pattern: string) => includes.some((path) => path === pattern || path.startsWith(pattern + separator));
  return (os === "windows" ? WINDOWS : LINUX).filter((pattern) => !covers(pattern));
}

export function defaultIncludes(os: "linux" | "windows"): string[] {
  return os === "windows" ? ["C:\\Users"] : ["/etc", "/home", "/root"];
}
