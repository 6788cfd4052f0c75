// A real OpenSSH server that accepts SFTP from one key, on its own port, without privileges on this machine.
import { chmod, chown, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mustRun } from "./command.ts";
import { collect } from "./output.ts";
import { quietPort } from "./ports.ts";
import type { Cleanup } from "./temp.ts";
import { ensureTool, prefixEnvironment } from "./tools.ts";
import { until } from "./wait.ts";

export type SshServer = {
  port: number;
  /** A folder that its user may write to. */
  data: string;
  /** `sftp://vault@127.0.0.1:PORT//FOLDER/NAME` */
  url(name: string): string;
  /** Puts an `ssh` into `bin` that knows the key and the server; ssh itself looks only into its user's own home. */
  installClient(bin: string): Promise<void>;
};

const NOBODY = 65534;
const USER = "vault";

/** @throws when the server does not listen */
export async function startSshServer(cleanup: Cleanup): Promise<SshServer> {
  const sshd = await ensureTool("sshd");
  const folder = await cleanup.tempFolder();
  await chmod(folder, 0o755);
  const at = (name: string) => join(folder, name);
  for (const key of ["host", "user"]) await mustRun(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", at(key)]);
  await writeFile(at("authorized"), await readFile(at("user.pub")));
  await mkdir(at("data"));
  for (const name of ["host", "authorized", "data"]) await chown(at(name), NOBODY, NOBODY);
  const people = (await readFile("/etc/passwd", "utf8")).split("\n").filter((line) => !line.startsWith("nobody:"));
  await writeFile(at("passwd"), [...people, `${USER}:*:${NOBODY}:${NOBODY}::/nonexistent:/bin/sh`, ""].join("\n"));
  // sshd cannot choose one by itself and tell.
  const port = await quietPort();
  await writeFile(at("conf"), configuration(port, folder));

  const root = sshd.replace("/usr/sbin/sshd", "");
  // A private mount namespace: the server alone sees its user, and runs as that one.
  const line = 'mount --bind "$1" /etc/passwd && shift && exec "$@"';
  const asNobody = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
  const child = Bun.spawn(
    ["unshare", "-m", "sh", "-c", line, "sh", at("passwd"), ...asNobody, sshd, "-D", "-e", "-f", at("conf")],
    { env: prefixEnvironment(root), stdin: "ignore", stdout: "ignore", stderr: "pipe" },
  );
  const { said } = collect(child.stderr);
  cleanup.add(async () => {
    child.kill("SIGTERM");
    await child.exited;
  });
  await until(() => said().includes("Server listening"), { what: `sshd to listen (${said()})` });

  return {
    port,
    data: at("data"),
    url: (name) => `sftp://${USER}@127.0.0.1:${port}/${at("data")}/${name}`,
    async installClient(bin) {
      await writeFile(at("known"), `[127.0.0.1]:${port} ${await readFile(at("host.pub"), "utf8")}`);
      const options = `-i ${at("user")} -o UserKnownHostsFile=${at("known")} -o BatchMode=yes`;
      await mkdir(bin, { recursive: true });
      await writeFile(join(bin, "ssh"), `#!/bin/sh\nexec /usr/bin/ssh ${options} "$@"\n`, { mode: 0o755 });
    },
  };
}

function configuration(port: number, folder: string): string {
  return [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${join(folder, "host")}`,
    `AuthorizedKeysFile ${join(folder, "authorized")}`,
    "PidFile none",
    "UsePAM no",
    "StrictModes no",
    "PasswordAuthentication no",
    "Subsystem sftp internal-sftp",
    "",
  ].join("\n");
}
