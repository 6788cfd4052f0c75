/** Self-signed certificates for tests, each with a key of its own or with a given one. */
import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { mustRun } from "../../tests/testbed/command.ts";
import { publicKeyPin } from "../link/trust.ts";

export async function certificate(folder: string, name: string, key?: string) {
  const [keyFile, certFile] = [key ?? join(folder, `${name}.key`), join(folder, `${name}.crt`)];
  if (!key) await mustRun(["openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", keyFile]);
  const subject = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1"];
  await mustRun(["openssl", "req", "-x509", "-key", keyFile, "-out", certFile, "-days", "30", ...subject]);
  const cert = await Bun.file(certFile).text();
  return {
    cert,
    key: await Bun.file(keyFile).text(),
    keyFile,
    certFile,
    pin: publicKeyPin(Buffer.from(new X509Certificate(cert).raw)),
  };
}
