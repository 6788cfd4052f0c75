/** Chooses a compression that the browser accepts, and compresses pages. */
import { parseAccept } from "hono/utils/accept";

export type Encoding = "br" | "zstd" | "gzip";

/** The first of ours that the client accepts, respecting refusals (`;q=0`). @param accept the header `Accept-Encoding` */
export function chooseEncoding(accept: string, known: readonly Encoding[] = ["br", "zstd", "gzip"]): Encoding | null {
  const offered = parseAccept(accept.toLowerCase());
  return known.find((encoding) => offered.some(({ type, q }) => type === encoding && q > 0)) ?? null;
}

/** Fast settings, because a page is created for one person and sent once. Brotli would cost more than it saves. */
export function compressPage(html: string, encoding: Encoding): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(html);
  return new Uint8Array(
    encoding === "zstd" ? Bun.zstdCompressSync(bytes, { level: 3 }) : Bun.gzipSync(bytes, { level: 5 }),
  );
}
