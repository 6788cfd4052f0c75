// The htpasswd file of a data folder, and the rest-servers to notify of a change.
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withLock } from "./cache.ts";
import { until } from "./wait.ts";

type Listener = { pid: number; origin: string };

export type RestUsers = {
  file: string;
  /** Tells that a server reads this file; the returned function takes that back. */
  announce(listener: Listener): Promise<() => Promise<void>>;
  add(name: string, password: string): Promise<void>;
  /** Takes a line as the product prints it; `password` is what it was made from. */
  addLine(line: string, password: string): Promise<void>;
  remove(name: string): Promise<void>;
};

/** Opens, or makes, the user file under `root`. */
export async function openRestUsers(root: string): Promise<RestUsers> {
  const file = join(root, ".htpasswd");
  const listeners = join(root, ".listeners");
  await mkdir(listeners, { recursive: true });
  await writeFile(file, "", { flag: "a" });

  return {
    file,
    announce: async (listener) => {
      const mark = join(listeners, String(listener.pid));
      await writeFile(mark, JSON.stringify(listener));
      return () => rm(mark, { force: true });
    },
    add: async (name, password) => {
      const hash = await Bun.password.hash(password, { algorithm: "bcrypt", cost: 4 });
      await change(name, [`${name}:${hash}`]);
      await reload((origin) => answers(origin, name, password), name);
    },
    addLine: async (line, password) => {
      const name = line.split(":")[0] ?? "";
      await change(name, [line]);
      await reload((origin) => answers(origin, name, password), name);
    },
    remove: async (name) => {
      await change(name, []);
      const probe = `gone-${crypto.randomUUID()}`;
      const hash = await Bun.password.hash(probe, { algorithm: "bcrypt", cost: 4 });
      await change(probe, [`${probe}:${hash}`]);
      await reload((origin) => answers(origin, probe, probe), probe);
      await change(probe, []);
    },
  };

  async function change(name: string, added: string[]): Promise<void> {
    await withLock(`htpasswd-${Bun.hash(file).toString(36)}`, async () => {
      const lines = (await readFile(file, "utf8")).split("\n").filter(Boolean);
      const kept = lines.filter((line) => !line.startsWith(`${name}:`));
      await writeFile(`${file}.new`, `${[...kept, ...added].join("\n")}\n`);
      await rename(`${file}.new`, file);
    });
  }

  /** Makes each running server read the file again, and waits until its answers show it. Frozen servers are not waited for. */
  async function reload(isRead: (origin: string) => Promise<boolean>, what: string): Promise<void> {
    for (const name of await readdir(listeners)) {
      const listener = JSON.parse(await readFile(join(listeners, name), "utf8")) as Listener;
      if (!signal(listener.pid)) continue;
      if (await isFrozen(listener.pid)) continue;
      await until(() => isRead(listener.origin), { everyMs: 3, what: `rest-server reading the change of ${what}` });
    }
  }
}

function signal(pid: number): boolean {
  try {
    return process.kill(pid, "SIGHUP");
  } catch {
    return false;
  }
}

async function isFrozen(pid: number): Promise<boolean> {
  return /^State:\s+T/m.test(await readFile(`/proc/${pid}/status`, "utf8"));
}

async function answers(origin: string, name: string, password: string): Promise<boolean> {
  const response = await fetch(`${origin}/${name}/`, {
    headers: { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}` },
    tls: { rejectUnauthorized: false },
    signal: AbortSignal.timeout(2_000),
  });
  await response.body?.cancel();
  return response.status !== 401;
}
