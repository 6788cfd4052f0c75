/** For a host whose systemd unit is older than the server's, the page and REST say what is missing, and name the command. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { UNIT_VERSION } from "../shared/unit.ts";
import { type Person, signInAs, startApp, type TestApp } from "./testbed/app.ts";
import { enrollHost, jsonClient, type TestHost } from "./testbed/hosts.ts";
import { connectInside } from "./testbed/inside-agent.ts";
import { createCleanup } from "./testbed/temp.ts";

const cleanup = createCleanup();
let app: TestApp;
let admin: Person;
beforeAll(async () => {
  app = await startApp(cleanup);
  admin = await signInAs(app, "admin");
});
afterAll(cleanup.run);

const unitOf = async ({ id }: TestHost) =>
  (await jsonClient(app, admin).call<{ unit: unknown }>("GET", `/api/hosts/${id}`)).unit;
const pageOf = async ({ id }: TestHost) => {
  const answer = await app.request(`/hosts/${id}`, { headers: { cookie: admin.cookie } });
  return (await answer.text()).replaceAll("&#39;", "'");
};
async function connected(name: string, unitVersion: number | undefined) {
  const host = await enrollHost(app, admin, { name });
  const hello = unitVersion === undefined ? {} : { unit_version: unitVersion };
  const agent = await connectInside(app, host.identity, { hello });
  await agent.stored();
  return { host, agent };
}

describe("a host with a unit from before versions", () => {
  test("is told to run the installer again, with the command and what is missing", async () => {
    const { host, agent } = await connected("old-01", 1);
    expect(await unitOf(host)).toEqual({
      version: 1,
      lacks: ["survives_oom", "restores_attributes", "restore_folder", "rolls_back"],
    });
    const page = await pageOf(host);
    expect(page).toContain("The systemd unit on this host is outdated.");
    expect(page).toContain("restore set-group-ID bits and device files");
    expect(page).toMatch(/curl -fsSL http:\/\/[^ ]+\/install\.sh \| sudo sh/);
    agent.close();
    await agent.stored();
    expect(await unitOf(host)).toBeNull();
    expect(await pageOf(host)).not.toContain("unit on this host is outdated");
  });
});

test.each([
  ["the newest unit", "new-01", UNIT_VERSION, { version: UNIT_VERSION, lacks: [] }],
  ["a unit from the future", "future-01", UNIT_VERSION + 1, { version: UNIT_VERSION + 1, lacks: [] }],
  ["an agent that does not say", "silent-01", undefined, null],
])("%s is left in peace", async (_what, name, version, shown) => {
  const { host } = await connected(name, version);
  expect(await unitOf(host)).toEqual(shown);
  expect(await pageOf(host)).not.toContain("is outdated");
});
