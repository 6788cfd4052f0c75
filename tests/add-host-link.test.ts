/** Add host warns when its command cannot work or is not safe, and includes the pin of a self-signed certificate. */
import { afterAll, expect, test } from "bun:test";
import { installCommand, shellQuote } from "../shared/install-command.ts";
import { problemsOfLink } from "../shared/server-link.ts";
import { signInAs, startApp } from "./testbed/app.ts";
import { makeSelfSigned } from "./testbed/self-signed.ts";
import { createCleanup } from "./testbed/temp.ts";

const cleanup = createCleanup();
afterAll(cleanup.run);

const LOOPBACK = "Other machines cannot reach";
const PLAIN = "The connection to this server is not encrypted.";
const SELF_SIGNED = "This server’s certificate is self-signed.";

type Seen = { form: string; result: string; rest: string };

/** The page before, the page after, and what REST gives, as somebody sees it who came by this address. */
async function addHost(host: string, settings: Record<string, string> = {}): Promise<Seen> {
  const app = await startApp(cleanup, "warn", undefined, null, settings);
  const admin = await signInAs(app, "admin");
  const headers = { host, cookie: admin.cookie, "x-csrf-token": admin.csrf };
  const fields = { host_name: "web-01", url: "/srv/restic", kind: "local", includes: "/etc" };
  const form = await app.request("/hosts/new", { headers });
  const result = await app.request("/hosts/new", { method: "POST", headers, body: new URLSearchParams(fields) });
  expect([form.status, result.status]).toEqual([200, 200]);
  const rest = await app.request("/api/enrollment-tokens", {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({ host_name: "web-02", includes: ["/etc"], repo: { url: "/srv/restic" } }),
  });
  const { install } = (await rest.json()) as { install: { linux: string } };
  return { form: await form.text(), result: await result.text(), rest: install.linux };
}

function expectWarnings({ form, result }: Seen, ...expected: string[]): void {
  for (const page of [form, result])
    expect([LOOPBACK, PLAIN, SELF_SIGNED].filter((warning) => page.includes(warning))).toEqual(expected);
}

test("opened by a loopback address: other machines cannot reach it, and what to do", async () => {
  const seen = await addHost("localhost:8080");
  expectWarnings(seen, LOOPBACK);
  expect(seen.form).toContain("<code>http://localhost:8080</code>");
  expect(seen.form).toContain("RM_BASE_URL");
  expect(seen.rest).not.toContain("--insecure");
});

test("by plain http over a network: the command says --insecure, and the page says why", async () => {
  const seen = await addHost("backup.lan:8080");
  expectWarnings(seen, PLAIN);
  expect(seen.result).toContain("--insecure");
  expect(seen.rest).toContain("--insecure");
});

test("a self-signed certificate: the command trusts its key and nothing else", async () => {
  const { certFile, keyFile, pin } = await makeSelfSigned(await cleanup.tempFolder());
  const tls = { RM_TLS_CERT: certFile, RM_TLS_KEY: keyFile };
  const seen = await addHost("backup.lan:8443", tls);
  expectWarnings(seen, SELF_SIGNED);
  expect(seen.rest).toContain(`--pinnedpubkey ${shellQuote(pin)}`);
  expect(seen.rest).toContain(`--pin ${shellQuote(pin)}`);
  expect(seen.result).toContain(pin);
  // A proxy shows machines its own certificate.
  const behind = await addHost("backup.lan:8443", { ...tls, RM_TRUSTED_PROXY: "10.0.0.0/8" });
  expectWarnings(behind);
  expect(behind.rest).not.toContain("pin");
});

test("an address under https that everybody can reach needs no warning, wherever the page was opened", async () => {
  const seen = await addHost("localhost:8080", { RM_BASE_URL: "https://backup.example" });
  expectWarnings(seen);
  expect(seen.rest).toStartWith("curl -fsSL https://backup.example/install.sh | sudo ");
});

test("what counts as an address of the machine itself", () => {
  for (const own of ["http://localhost", "http://127.0.0.1:8080", "https://[::1]:8443", "http://rm.localhost:80"])
    expect(problemsOfLink(own, null)).toEqual(["loopback"]);
  for (const other of ["https://localhost.example", "https://10.0.0.1", "https://[fe80::1]"])
    expect(problemsOfLink(other, null)).toEqual([]);
});

test("the command says --insecure exactly where the agent would refuse plain http without it", () => {
  for (const origin of ["http://localhost", "http://127.0.0.1:8080", "http://[::1]:8080", "https://backup.example"])
    expect(installCommand(origin)).not.toContain("--insecure");
  for (const origin of ["http://rm.localhost:80", "http://10.0.0.1", "http://backup.example"])
    expect(installCommand(origin)).toContain("--insecure");
});
