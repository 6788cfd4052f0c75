// A self-signed certificate for loopback, and the pin of its public key in the form that curl and the agent use.
import { join } from "node:path";
import { mustRun } from "./command.ts";

export type SelfSigned = { keyFile: string; certFile: string; key: string; cert: string; pin: string };

/** Makes `key.pem` and `cert.pem` in the folder. */
export async function makeSelfSigned(folder: string): Promise<SelfSigned> {
  const keyFile = join(folder, "key.pem");
  const certFile = join(folder, "cert.pem");
  const subject = ["-subj", "/CN=restic-manager test", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", keyFile];
  await mustRun(["openssl", "req", "-x509", ...newKey, "-out", certFile, "-days", "2", ...subject]);
  const der = await Bun.$`openssl pkey -in ${keyFile} -pubout -outform DER`.quiet().arrayBuffer();
  const [key, cert] = await Promise.all([Bun.file(keyFile).text(), Bun.file(certFile).text()]);
  return { keyFile, certFile, key, cert, pin: `sha256//${Bun.SHA256.hash(der, "base64")}` };
}
