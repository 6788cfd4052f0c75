// The command line that enters a root folder with wine in its own namespaces, and ends everything it started.

export type WineChroot = {
  root: string;
  /** Shell commands that mount what the root itself is made of. */
  prepare: string[];
  program: string[];
  env: Record<string, string>;
};

const ENVIRONMENT = {
  HOME: "/root",
  PATH: "/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/wine",
  WINEDEBUG: "-all",
  WINEARCH: "win64",
  XDG_RUNTIME_DIR: "/run/user/0",
};

/** wine needs /proc, /dev and a private /run/user/0, or it aborts. */
export function wineCommand({ root, prepare, program, env }: WineChroot): string[] {
  const stage = [
    ...prepare,
    `mount -t proc proc ${root}/proc`,
    `mount --rbind /dev ${root}/dev`,
    `mount -t tmpfs tmpfs ${root}/dev/shm`,
    `mount -t tmpfs tmpfs ${root}/run`,
    `mkdir -p -m 700 ${root}/run/user/0`,
    `cd ${root}`,
    `exec chroot ${root} env -i -C /${prepare.length > 0 ? "work" : ""} "$@"`,
  ].join(" && ");
  const variables = Object.entries({ ...ENVIRONMENT, ...env }).map(([name, value]) => `${name}=${value}`);
  const namespaces = ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"];
  return ["unshare", ...namespaces, "sh", "-c", stage, "sh", ...variables, ...program];
}
