// Browser files: small, compressed, and cached forever under a name that changes with the content.
import { beforeAll, describe, expect, test } from "bun:test";
import { type Assets, buildAssets } from "./assets.ts";
import { chooseEncoding } from "./compression.ts";

let assets: Assets;
beforeAll(async () => {
  assets = await buildAssets({ dev: false });
});

async function get(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Response> {
  const answer = await assets.serve(new Request(`http://rm.test${path}`, { headers, method }));
  if (!answer) throw new Error(`no asset at ${path}`);
  return answer;
}

describe("assets", () => {
  test("are cached forever under a hashed name, and answer 304 to browsers that have them", async () => {
    const { styles } = assets.urls;
    expect(styles).toMatch(/^\/assets\/app\.[0-9a-f]{12}\.css$/);
    const answer = await get(styles);
    expect(answer.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    const again = await get(styles, { "If-None-Match": answer.headers.get("etag") ?? "" });
    expect(again.status).toBe(304);
  });

  test("unknown names are not found", async () => {
    expect(await assets.serve(new Request("http://rm.test/assets/../package.json"))).toBeNull();
    expect(await assets.serve(new Request("http://rm.test/assets/app.000000000000.css"))).toBeNull();
  });

  test("are sent in the encoding that the browser accepts, with the same bytes each time", async () => {
    const plain = await (await get(assets.urls.script)).text();
    const gzip = await get(assets.urls.script, { "Accept-Encoding": "gzip;q=1.0, deflate" });
    expect(gzip.headers.get("content-encoding")).toBe("gzip");
    expect(new TextDecoder().decode(Bun.gunzipSync(await gzip.bytes()))).toBe(plain);
    const zstd = await get(assets.urls.script, { "Accept-Encoding": "gzip, br;q=0, zstd" });
    expect(new TextDecoder().decode(Bun.zstdDecompressSync(await zstd.bytes()))).toBe(plain);
  });

  test("styles and script leave most of the 60 KiB of a first paint to the page", async () => {
    const sizes = await Promise.all(
      [assets.urls.styles, assets.urls.script].map(async (url) => {
        const head = await get(url, { "Accept-Encoding": "br" }, "HEAD");
        expect(await head.text()).toBe("");
        return Number(head.headers.get("content-length"));
      }),
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(30 * 1024);
  });

  test("nothing in them is evaluated or fetched from elsewhere", async () => {
    const styles = await (await get(assets.urls.styles)).text();
    expect(styles).not.toMatch(/url\(["']?(https?:)?\/\//);
    expect(styles).not.toContain("@import");
    for (const font of assets.urls.fonts) expect(styles).toContain(font);
    expect(styles).toContain("light-dark(");
  });
});

test("the encoding follows the Accept-Encoding header", () => {
  expect(chooseEncoding("gzip, deflate, br, zstd")).toBe("br");
  expect(chooseEncoding("gzip, br;q=0")).toBe("gzip");
  expect(chooseEncoding("identity")).toBeNull();
  expect(chooseEncoding("")).toBeNull();
  expect(chooseEncoding("br, zstd", ["zstd", "gzip"])).toBe("zstd");
});
