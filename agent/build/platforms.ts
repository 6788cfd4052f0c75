// The platforms that an agent is built for.

export type Platform = {
  /** Folder and argument name: `linux-x64`. */
  id: string;
  os: "linux" | "windows";
  arch: "x64" | "arm64";
  /** The name of Bun's compile target. */
  target: string;
  /** The npm package that carries Bun's runtime for the platform, and the file in it. */
  runtime: { name: string; file: string; os: string; cpu: string };
  /** The executable's name. */
  name: string;
};

export const PLATFORMS: readonly Platform[] = [
  {
    id: "linux-x64",
    os: "linux",
    arch: "x64",
    target: "bun-linux-x64",
    runtime: { name: "@oven/bun-linux-x64", file: "bin/bun", os: "linux", cpu: "x64" },
    name: "restic-manager-agent",
  },
  {
    id: "linux-arm64",
    os: "linux",
    arch: "arm64",
    target: "bun-linux-arm64",
    runtime: { name: "@oven/bun-linux-aarch64", file: "bin/bun", os: "linux", cpu: "arm64" },
    name: "restic-manager-agent",
  },
  {
    id: "windows-x64",
    os: "windows",
    arch: "x64",
    target: "bun-windows-x64",
    runtime: { name: "@oven/bun-windows-x64", file: "bin/bun.exe", os: "win32", cpu: "x64" },
    name: "restic-manager-agent.exe",
  },
];
