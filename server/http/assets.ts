// Serves everything that browsers load besides pages: built at start, named by content, cached forever, compressed once per encoding.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";
import { createGenerator, type UserConfig } from "@unocss/core";
import type { ApiDocsUrls, AssetUrls } from "../../shared/pages.ts";
import unoConfig, { partClasses } from "../../uno.config.ts";
import { chooseEncoding, type Encoding } from "./compression.ts";

export type Assets = {
  /** Addresses for the layout: stable names in development, content hashes otherwise. */
  urls: AssetUrls;
  /** Addresses for the API documentation page. */
  apiDocs: ApiDocsUrls;
  /** Answers a GET or HEAD below `/assets/`; null when there is no such file. */
  serve: (request: Request) => Promise<Response | null>;
};

type Asset = {
  type: string;
  body: Uint8Array<ArrayBuffer>;
  /** Compressed forms by encoding, created on first request. */
  encoded: Map<Encoding, Promise<Uint8Array<ArrayBuffer>>>;
};

const ROOT = join(import.meta.dir, "../..");
const UI = join(ROOT, "ui");
const TYPES = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
  woff2: "font/woff2",
} as const;
const SWAGGER = join(ROOT, "node_modules/swagger-ui-dist");
const FONTS = [
  { family: "Inter Variable", name: "inter", file: "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2" },
  {
    family: "JetBrains Mono Variable",
    name: "jetbrains-mono",
    file: "@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2",
  },
] as const;

/**
 * Builds styles, scripts, fonts and the icon. With `dev` styles and scripts are rebuilt on each request and not cached.
 * @throws when a source does not compile
 */
export async function buildAssets({ dev }: { dev: boolean }): Promise<Assets> {
  const files = new Map<string, Asset>();
  const add = (name: string, extension: keyof typeof TYPES, body: Uint8Array<ArrayBuffer>): string => {
    const path = `/assets/${name}.${dev ? "dev" : hash(body)}.${extension}`;
    files.set(path, { type: TYPES[extension], body, encoded: new Map() });
    return path;
  };

  const fonts = FONTS.map(({ name, family, file }) => ({
    family,
    url: add(name, "woff2", bytes(readFileSync(join(ROOT, "node_modules", file)))),
  }));
  const icon = add("icon", "svg", bytes(readFileSync(join(UI, "icon.svg"))));
  const builders: Record<string, () => Promise<string>> = {
    styles: () => buildStyles(fonts),
    script: () => buildScript("main"),
    jobScript: () => buildScript("job"),
  };
  const built = await Promise.all(Object.values(builders).map((build) => build()));
  const [styles = "", script = "", jobScript = ""] = built;
  const urls: AssetUrls = {
    styles: add("app", "css", encode(styles)),
    script: add("app", "js", encode(script)),
    jobScript: add("job", "js", encode(jobScript)),
    icon,
    fonts: fonts.map(({ url }) => url),
  };
  const apiDocs = {
    styles: add("swagger-ui", "css", withoutMap(join(SWAGGER, "swagger-ui.css"))),
    library: add("swagger-ui", "js", withoutMap(join(SWAGGER, "swagger-ui-bundle.js"))),
    script: add("api-docs", "js", encode(await buildScript("api-docs"))),
  };
  const rebuild = new Map(
    dev ? (["styles", "script", "jobScript"] as const).map((name) => [urls[name], builders[name]] as const) : [],
  );

  return {
    urls,
    apiDocs,
    serve: async (request) => {
      const { pathname } = new URL(request.url);
      const file = files.get(pathname);
      if (!file) return null;
      const build = rebuild.get(pathname);
      if (build) return new Response(await build(), { headers: headersFor(file, "no-cache") });
      return respond(request, file, pathname, dev);
    },
  };
}

async function respond(request: Request, file: Asset, pathname: string, dev: boolean): Promise<Response> {
  const headers = headersFor(file, dev ? "no-cache" : "public, max-age=31536000, immutable");
  headers.set("ETag", `"${pathname.split(".").at(-2)}"`);
  if (!dev && request.headers.get("If-None-Match") === headers.get("ETag"))
    return new Response(null, { status: 304, headers });
  const encoding = file.type === TYPES.woff2 ? null : chooseEncoding(request.headers.get("Accept-Encoding") ?? "");
  const body = encoding ? await compressed(file, encoding) : file.body;
  if (encoding) headers.set("Content-Encoding", encoding);
  headers.set("Content-Length", String(body.byteLength));
  return new Response(request.method === "HEAD" ? null : body, { headers });
}

function headersFor(file: Asset, caching: string): Headers {
  return new Headers({
    "Content-Type": file.type,
    "Cache-Control": caching,
    Vary: "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
  });
}

const LARGE = 512 * 1024;

const COMPRESS: Record<Encoding, (body: Uint8Array<ArrayBuffer>) => Promise<Uint8Array<ArrayBuffer>>> = {
  br: async (body) => {
    const params = {
      [constants.BROTLI_PARAM_SIZE_HINT]: body.byteLength,
      // The best quality takes seconds per megabyte while somebody waits.
      [constants.BROTLI_PARAM_QUALITY]: body.byteLength > LARGE ? 7 : constants.BROTLI_MAX_QUALITY,
    };
    return bytes(await promisify(brotliCompress)(body, { params }));
  },
  zstd: async (body) => bytes(await Bun.zstdCompress(body, { level: 19 })),
  gzip: async (body) => bytes(Bun.gzipSync(body, { level: 9 })),
};

function compressed(file: Asset, encoding: Encoding): Promise<Uint8Array<ArrayBuffer>> {
  const known = file.encoded.get(encoding) ?? COMPRESS[encoding](file.body);
  file.encoded.set(encoding, known);
  return known;
}

/** Source maps stay in the package, so browsers must not ask for them here. */
function withoutMap(file: string): Uint8Array<ArrayBuffer> {
  return encode(readFileSync(file, "utf8").replace(/(?:\/\/|\/\*)# sourceMappingURL=.*\s*$/, ""));
}

/** Generates UnoCSS from the sources of the pages, and adds the components, tokens and font faces, minified. */
async function buildStyles(fonts: readonly { family: string; url: string }[]): Promise<string> {
  const config = unoConfig as UserConfig;
  const uno = await createGenerator({ ...config, blocklist: [(token) => partClasses.has(token)] });
  const sources = readdirSync(UI, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".tsx"))
    .map((name) => readFileSync(join(UI, name), "utf8"));
  const generated = await uno.generate(sources.join("\n"), { preflights: true });
  const faces = fonts.map(
    ({ family, url }) =>
      `@font-face{font-family:"${family}";font-weight:100 900;font-display:swap;src:url("${url}") format("woff2")}`,
  );
  const own = ["tokens", "parts", "properties", "theme"];
  const utilities = generated.getLayers(undefined, own) ?? "";
  return minify([...faces, generated.getLayers(own), `@layer utilities{${utilities}}`].join("\n"));
}

/** Only minifies. With the target `browser` Bun would also rewrite `light-dark()` for older browsers. */
async function minify(css: string): Promise<string> {
  const name = "/app.css";
  const result = await Bun.build({
    entrypoints: [name],
    files: { [name]: css },
    target: "bun",
    external: ["/assets/*"],
    minify: true,
  });
  return textOf(result, "style sheet");
}

async function buildScript(name: "main" | "job" | "api-docs"): Promise<string> {
  const result = await Bun.build({
    entrypoints: [join(UI, "client", `${name}.ts`)],
    target: "browser",
    format: "iife",
    minify: true,
  });
  return textOf(result, `browser script ${name}`);
}

function textOf({ outputs: [output] }: Bun.BuildOutput, what: string): Promise<string> {
  if (!output) throw new Error(`the ${what} could not be built`);
  return output.text();
}

function hash(body: Uint8Array<ArrayBuffer>): string {
  return new Bun.CryptoHasher("sha256").update(body).digest("hex").slice(0, 12);
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function bytes(buffer: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer);
}
