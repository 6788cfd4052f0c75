/** The operating system and processor of this program, in the protocol's words. */

export type Platform = { os: "linux" | "windows"; arch: "x64" | "arm64" };

export const PLATFORM: Platform = {
  os: process.platform === "win32" ? "windows" : "linux",
  arch: process.arch === "arm64" ? "arm64" : "x64",
};
