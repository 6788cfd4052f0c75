// A real object store that speaks S3 and Swift: OpenStack Swift behind TLS, because without TLS restic signs in a way that it does not accept.
import { join } from "node:path";
import { collect } from "./output.ts";
import { makeSelfSigned } from "./self-signed.ts";
import type { Cleanup } from "./temp.ts";
import { ensureTool, prefixEnvironment } from "./tools.ts";
import { until } from "./wait.ts";

export type ObjectStore = {
  /** What whoever connects trusts, as `SSL_CERT_FILE`. */
  certFile: string;
  /** `s3:https://127.0.0.1:PORT/PATH`; PATH begins with a bucket */
  s3Url(path: string): string;
  s3Env: Record<string, string>;
  /** For restic's `swift:CONTAINER:/PATH`. */
  swiftEnv: Record<string, string>;
};

const USER = "vault:keeper";
const SECRET = "a-secret-of-the-store";

/** @throws with what it said when it does not listen */
export async function startObjectStore(cleanup: Cleanup): Promise<ObjectStore> {
  const modules = await ensureTool("swift");
  const root = modules.replace("/usr/lib/python3/dist-packages", "");
  const folder = await cleanup.tempFolder();
  const { keyFile, certFile } = await makeSelfSigned(folder);
  const child = Bun.spawn(
    ["python3", join(import.meta.dir, "object-store.py"), join(folder, "data"), USER, SECRET, keyFile, certFile],
    {
      // Debian's modules want Debian's interpreter, whichever else stands first on the caller's PATH.
      env: { ...prefixEnvironment(root), PATH: `${root}/usr/bin:/usr/bin:/bin`, PYTHONPATH: modules },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  const { said } = collect(child.stdout, child.stderr);
  cleanup.add(async () => {
    child.kill("SIGTERM");
    await child.exited;
  });
  const port = await until(() => /listening on (\d+)/.exec(said())?.[1], {
    timeoutMs: 30_000,
    what: `the object store to listen (${said()})`,
  });
  return {
    certFile,
    s3Url: (path) => `s3:https://127.0.0.1:${port}/${path}`,
    s3Env: { AWS_ACCESS_KEY_ID: USER, AWS_SECRET_ACCESS_KEY: SECRET },
    swiftEnv: { ST_AUTH: `https://127.0.0.1:${port}/auth/v1.0`, ST_USER: USER, ST_KEY: SECRET },
  };
}
