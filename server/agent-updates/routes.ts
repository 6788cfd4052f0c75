/** Downloads for machines: the signed manifest, the agent, restic, the installer and its files. Public, because none of it is secret. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { shellQuote } from "../../shared/install-command.ts";
import { type Manifest, type ManifestFile, manifest } from "../../shared/protocol/enrollment.ts";
import { named } from "../http/answers.ts";
import { notFound, Refusal } from "../http/errors.ts";
import { type AppContext, publicRoute, type Route } from "../http/routes.ts";
import { SERVER_VERSION } from "../runtime/version.ts";
import type { Bundle, BundledFile } from "./bundle.ts";
import type { Signer } from "./signing.ts";

const INSTALL_FILES = ["install.sh", "existing-backups.sh", "restic-manager-agent.service"] as const;
const TEXT = { media: "text/plain; charset=utf-8" };
const INSTALL_FOLDER = join(import.meta.dir, "../../install");

export type DownloadDeps = { bundle: Bundle; signer: Signer };

export function downloadRoutes({ bundle, signer }: DownloadDeps): Route[] {
  const platform = v.strictObject({
    os: v.picklist(["linux", "windows"], "Use linux or windows."),
    arch: v.picklist(["x64", "arm64"], "Use x64 or arm64."),
  });

  const binary = (kind: "agent" | "restic") =>
    publicRoute({
      method: "GET",
      path: kind === "agent" ? "/agent/binary" : "/agent/restic",
      summary: kind === "agent" ? "The agent for a platform" : "The bundled restic for a platform",
      answers: { 200: { media: "application/octet-stream" } },
      errors: { 404: ["not_bundled"] },
      query: platform,
      handle: ({ c, query }) => {
        const file = bundle.find(kind, query.os, query.arch);
        if (file) return send(c, file);
        const hint =
          kind === "agent" ? "Run `npm run build` on the server." : "Install restic 0.18 or newer on the machine.";
        throw new Refusal(404, "not_bundled", `This server has no ${kind} for ${query.os} ${query.arch}. ${hint}`);
      },
    });

  return [
    publicRoute({
      method: "GET",
      path: "/agent/manifest.json",
      summary: "What can be fetched here, signed",
      answers: { 200: named("Manifest", manifest) },
      handle: async ({ c }) => c.json(await makeManifest(bundle, signer)),
    }),
    binary("agent"),
    binary("restic"),
    publicRoute({
      method: "GET",
      path: "/install.sh",
      summary: "The Linux installer for this server",
      answers: { 200: TEXT },
      handle: ({ from }) => installFile("install.sh", from.origin),
    }),
    publicRoute({
      method: "GET",
      path: "/install/:file",
      summary: "The installer and the files that it fetches",
      answers: { 200: TEXT },
      handle: ({ params, from }) => {
        const name = INSTALL_FILES.find((file) => file === params["file"]);
        if (!name) throw notFound("file");
        return installFile(name, from.origin);
      },
    }),
  ];
}

async function makeManifest(bundle: Bundle, signer: Signer): Promise<Manifest> {
  const files: ManifestFile[] = bundle.list().map(({ zstPath: _zst, gzPath: _gz, ...file }) => file);
  const agent = files.find(({ kind }) => kind === "agent");
  const content = { version: agent?.version ?? SERVER_VERSION, files };
  return { ...content, jws: await signer.sign(content) };
}

function installFile(name: (typeof INSTALL_FILES)[number], origin: string): Response {
  const text = readFileSync(join(INSTALL_FOLDER, name), "utf8")
    .replace("'@SERVER_URL@'", () => singleQuoted(origin))
    .replace("'@CERT_PIN@'", "''");
  return new Response(text, { headers: { "Content-Type": "text/plain; charset=utf-8" } });
}

function singleQuoted(text: string): string {
  const quoted = shellQuote(text);
  return quoted.startsWith("'") ? quoted : `'${quoted}'`;
}

/** Serves zstd or gzip as stored, by Accept-Encoding, with ranges over the stored bytes. Otherwise unpacks while sending. */
function send(c: AppContext, file: BundledFile): Response {
  const accepts = (c.req.header("accept-encoding") ?? "").toLowerCase();
  const headers = new Headers({
    "Content-Type": "application/octet-stream",
    "Content-Disposition": `attachment; filename="${file.name}"`,
    "Cache-Control": "no-cache",
    Vary: "Accept-Encoding",
  });
  const stored = /\bzstd\b/.test(accepts) ? ("zstd" as const) : /\bgzip\b/.test(accepts) ? ("gzip" as const) : null;
  const etag = `"${file.sha256.slice(0, 32)}-${stored ?? "raw"}"`;
  headers.set("ETag", etag);
  if (c.req.header("if-none-match") === etag) return new Response(null, { status: 304, headers });
  if (stored === null) {
    headers.set("Content-Length", String(file.size));
    const unpacked = Bun.file(file.gzPath).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(unpacked, { headers });
  }
  headers.set("Content-Encoding", stored);
  headers.set("Accept-Ranges", "bytes");
  const body = Bun.file(stored === "zstd" ? file.zstPath : file.gzPath);
  const range = /^bytes=(\d+)-(\d*)$/.exec(c.req.header("range") ?? "");
  const ifRange = c.req.header("if-range");
  if (!range || (ifRange !== undefined && ifRange !== etag)) return new Response(body, { headers });
  const start = Number(range[1]);
  const end = range[2] ? Math.min(Number(range[2]), body.size - 1) : body.size - 1;
  if (start > end) return new Response(null, { status: 416, headers: { "Content-Range": `bytes */${body.size}` } });
  headers.set("Content-Range", `bytes ${start}-${end}/${body.size}`);
  return new Response(body.slice(start, end + 1), { status: 206, headers });
}
