/** Downloads files that the server offers (restic, later the agent itself), and checks manifest signature, size and checksum. */
import { createHash } from "node:crypto";
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { compactVerify, importJWK } from "jose";
import * as v from "valibot";
import { type ManifestFile, manifest, manifestFile } from "../../shared/protocol/enrollment.ts";
import { PLATFORM } from "../machine/platform.ts";
import { syncFolder } from "../machine/replace-file.ts";
import type { Trust } from "./trust.ts";

export type ServerFiles = {
  server: string;
  trust: Trust;
  /** Public keys (JWK as JSON text) received at enrolment: no other signature counts. */
  keys: readonly string[];
  timeoutMs: number;
};

const signedContent = v.object({ version: v.string(), files: v.array(manifestFile) });
const MAX_FILE_BYTES = 512 * 1024 * 1024;

/**
 * Puts the server's restic for this platform at `path`, executable.
 * @returns null on success, else the problem in one sentence; the old file is then untouched.
 */
export async function fetchRestic(from: ServerFiles, path: string): Promise<string | null> {
  try {
    const file = (await signedFiles(from)).find(
      (one) => one.kind === "restic" && one.os === PLATFORM.os && one.arch === PLATFORM.arch,
    );
    if (!file) return `the server offers no restic for ${PLATFORM.os} on ${PLATFORM.arch}`;
    if (await isSame(path, file)) return null;
    await download(from, `/agent/restic?os=${PLATFORM.os}&arch=${PLATFORM.arch}`, file, path);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The files named by the manifest. @throws when it cannot be downloaded or no known key has signed it. */
async function signedFiles(from: ServerFiles): Promise<ManifestFile[]> {
  const response = await get(from, "/agent/manifest.json");
  const { jws } = v.parse(manifest, await response.json());
  for (const key of from.keys) {
    const content = await verified(jws, key);
    if (content !== null) return v.parse(signedContent, JSON.parse(content)).files;
  }
  throw new Error(
    "the server's manifest is not signed by a key that this host received at enrolment. If the server was reinstalled, enrol this host again",
  );
}

async function verified(jws: string, key: string): Promise<string | null> {
  try {
    const result = await compactVerify(jws, await importJWK(JSON.parse(key), "EdDSA"), {
      algorithms: ["EdDSA", "Ed25519"],
    });
    return new TextDecoder().decode(result.payload);
  } catch {
    return null;
  }
}

async function download(from: ServerFiles, route: string, file: ManifestFile, path: string): Promise<void> {
  if (file.size > MAX_FILE_BYTES) throw new Error(`${file.name} is too large to be a program`);
  const response = await get(from, route);
  const draft = `${path}.${process.pid}.new`;
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  try {
    await writeChecked(response, draft, file);
    renameSync(draft, path);
    syncFolder(dirname(path));
  } finally {
    rmSync(draft, { force: true });
  }
}

async function isSame(path: string, file: ManifestFile): Promise<boolean> {
  const there = Bun.file(path);
  if (!(await there.exists()) || there.size !== file.size) return false;
  const hash = createHash("sha256");
  for await (const chunk of there.stream()) hash.update(chunk);
  return hash.digest("hex") === file.sha256;
}

async function writeChecked(response: Response, draft: string, file: ManifestFile): Promise<void> {
  const hash = createHash("sha256");
  let size = 0;
  const out = openSync(draft, "w", 0o755);
  try {
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > file.size) throw new Error(`${file.name} is larger than the manifest says`);
      hash.update(chunk);
      for (let written = 0; written < chunk.length; ) written += writeSync(out, chunk, written);
    }
    fsyncSync(out);
  } finally {
    closeSync(out);
  }
  if (size !== file.size) throw new Error(`${file.name} ended after ${size} of ${file.size} bytes`);
  if (hash.digest("hex") !== file.sha256) throw new Error(`${file.name} does not match the manifest's checksum`);
}

async function get(from: ServerFiles, route: string): Promise<Response> {
  const url = `${from.server.replace(/\/+$/, "")}${route}`;
  const tls = await from.trust.options();
  const response = await fetch(url, {
    signal: AbortSignal.timeout(from.timeoutMs),
    tls,
  } as RequestInit);
  if (!response.ok) throw new Error(`the server answered ${response.status} to ${route.split("?")[0]}`);
  return response;
}
