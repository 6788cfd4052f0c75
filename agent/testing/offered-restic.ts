/** Signed programs that a server offers as restic, for tests of what the agent downloads. */
import { createHash } from "node:crypto";
import { CompactSign, exportJWK, generateKeyPair } from "jose";
import type { ManifestFile } from "../../shared/protocol/enrollment.ts";
import { PLATFORM } from "../machine/platform.ts";

export type SigningKey = Awaited<ReturnType<typeof makeSigningKey>>;

/** `open` is what agents learn at enrolment. */
export async function makeSigningKey() {
  const { publicKey, privateKey } = await generateKeyPair("EdDSA", { extractable: true });
  return { open: JSON.stringify(await exportJWK(publicKey)), secret: privateKey };
}

/** Answers of a server that offers this program, signed with the key. */
export async function offerRestic(program: string, key: SigningKey, change: Partial<ManifestFile> = {}) {
  const bytes = Buffer.from(program);
  const file: ManifestFile = {
    kind: "restic",
    ...PLATFORM,
    name: "restic",
    version: "0.18.0",
    size: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    ...change,
  };
  const content = { version: "1.0.0", files: [file] };
  const jws = await new CompactSign(Buffer.from(JSON.stringify(content)))
    .setProtectedHeader({ alg: "EdDSA" })
    .sign(key.secret);
  return (pathname: string): Response | null => {
    if (pathname === "/agent/manifest.json") return Response.json({ ...content, jws });
    if (pathname !== "/agent/restic") return null;
    return new Response(new Uint8Array(Bun.zstdCompressSync(bytes)), { headers: { "Content-Encoding": "zstd" } });
  };
}
