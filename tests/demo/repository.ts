/** The demo's repository: one folder behind an append-only REST server, and behind a second one that allows deletes. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { quietPort } from "../testbed/ports.ts";
import { type RestServer, startRestServer } from "../testbed/rest-server.ts";
import { toolOrNull } from "../testbed/tools.ts";

export type DemoRepository = {
  /** What a new host is given. The HTTP password is known to the product and to the server's `.htpasswd` alone. */
  forHost(name: string): Promise<Record<string, string>>;
  /** The same repository where deleting is allowed; null when there is no such place. */
  deletingUrl(name: string): string | null;
  close(): Promise<void>;
};

/** A local folder instead where no REST server can be had, and for a demo that began with one. */
export async function openRepository(data: string): Promise<DemoRepository> {
  const folder = join(data, "repository");
  const isLocal = existsSync(join(folder, "config"));
  if (isLocal || (await toolOrNull("rest-server")) === null) {
    return {
      forHost: async () => ({ kind: "local", url: folder }),
      deletingUrl: () => null,
      close: async () => undefined,
    };
  }
  mkdirSync(folder, { recursive: true });
  const ports = await knownPorts(join(data, "repository-ports.json"));
  const everyday = await startRestServer({ root: folder, appendOnly: true, port: ports.everyday });
  let deleting: RestServer;
  try {
    deleting = await startRestServer({ root: folder, appendOnly: false, port: ports.deleting });
  } catch (error) {
    await everyday.close();
    throw error;
  }
  return {
    forHost: async (name) => {
      const password = Buffer.from(crypto.getRandomValues(new Uint8Array(18))).toString("base64url");
      await everyday.addUser(name, password);
      return { kind: "rest", url: everyday.url(name, "main"), http_username: name, http_password: password };
    },
    deletingUrl: (name) => deleting.url(name, "main"),
    close: async () => {
      await everyday.close();
      await deleting.close();
    },
  };
}

/** The same at every start of the same demo: they are in the repository's address. */
async function knownPorts(path: string): Promise<{ everyday: number; deleting: number }> {
  if (existsSync(path)) return JSON.parse(readFileSync(path, "utf8")) as { everyday: number; deleting: number };
  const ports = { everyday: await quietPort(), deleting: await quietPort() };
  writeFileSync(path, JSON.stringify(ports));
  return ports;
}
