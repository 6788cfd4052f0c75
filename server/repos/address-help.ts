/** Recognises addresses that restic rejects or misunderstands, and says what to enter instead. Pure. */
import type { RepoKind } from "../../shared/repos.ts";

type Help = { pattern: RegExp; say(address: string, kind: RepoKind): string };

const HELP: readonly Help[] = [
  {
    // On Linux restic would treat //nas/share as a folder on the host's own disk.
    pattern: /^(\/\/|\\\\)/,
    say: () =>
      "This is a network share. Mount it on the host and enter the mount point, such as /mnt/nas/restic, or use SFTP or a REST server.",
  },
  {
    pattern: /^(smb|cifs|nfs|afp):/i,
    say: (address) =>
      `restic cannot use ${scheme(address).toUpperCase()} directly. Mount it on the host and enter the mount point, such as /mnt/nas/restic, or use an rclone remote.`,
  },
  {
    pattern: /^file:/i,
    say: (address) => `Enter just the path: ${address.replace(/^file:(\/\/(localhost)?)?/i, "")}`,
  },
  {
    pattern: /^~/,
    say: (address) =>
      `Enter the full path, such as ${address.replace(/^~[^/\\]*/, "/root")}. The agent does not expand ~.`,
  },
  {
    pattern: /^(\$|%[A-Za-z]+%)/,
    say: () => "Enter the full path. Variables are not expanded.",
  },
  {
    pattern: /^https?:\/\//i,
    say: (address, kind) =>
      kind === "s3" ? `For S3 storage, enter s3:${address}` : `For a REST server, enter rest:${address}`,
  },
  {
    pattern: /^(ftps?|webdavs?|davs?|onedrive|gdrive|dropbox):/i,
    say: () => "restic can use this storage through rclone: set up a remote on the host and enter rclone:REMOTE:PATH.",
  },
  { pattern: /^(ssh|scp):\/\//i, say: (address) => `For SFTP, enter ${address.replace(/^(ssh|scp):/i, "sftp:")}` },
  {
    pattern: /^[\w.-]+@[\w.-]+:/,
    say: (address) => `For SFTP, enter sftp:${address}`,
  },
];

/** One sentence, or null when the address is none of these. */
export function helpForAddress(address: string, kind: RepoKind): string | null {
  const help = HELP.find(({ pattern }) => pattern.test(address));
  return help ? help.say(withoutPassword(address), kind) : null;
}

function withoutPassword(address: string): string {
  return address.replace(/(:\/\/[^\s/:@]*):[^\s/@]*@/, "$1@");
}

function scheme(address: string): string {
  return address.slice(0, address.indexOf(":")).toLowerCase();
}
