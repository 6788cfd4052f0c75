import { expect, test } from "bun:test";
import { parseRepoInput } from "./address.ts";

test("a REST address without a path gets the user's own folder", () => {
  expect(parseRepoInput({ url: "rest:http://vault:8000" }, "Web 03")).toEqual({
    ok: true,
    address: {
      kind: "rest",
      url: "rest:http://vault:8000/web-03/",
      httpUsername: "web-03",
      httpPassword: null,
      repoPassword: null,
      env: {},
    },
  });
});

test("user and password inside the address move to their own fields", () => {
  const outcome = parseRepoInput({ kind: "rest", url: "https://me:p%40ss@vault:8000/me/x" }, "web-03");
  expect(outcome).toMatchObject({
    ok: true,
    address: { url: "rest:https://vault:8000/me/x/", httpUsername: "me", httpPassword: "p@ss" },
  });
});

test("what cannot be an address is refused beside its field", () => {
  expect(parseRepoInput({ url: "" }, "x")).toMatchObject({ ok: false, fields: { url: expect.any(String) } });
  expect(parseRepoInput({ url: "rest:vault:8000" }, "x")).toMatchObject({
    ok: false,
    fields: { url: expect.any(String) },
  });
  expect(parseRepoInput({ kind: "local", url: "srv/restic" }, "x")).toMatchObject({
    ok: false,
    fields: { url: expect.any(String) },
  });
  expect(parseRepoInput({ url: "rest:http://h/", http_username: "a b" }, "x")).toMatchObject({
    ok: false,
    fields: { http_username: expect.any(String) },
  });
});

test("no password hides in an address, and none that is malformed breaks the server", () => {
  const urlOf = (url: string) => {
    const outcome = parseRepoInput({ url }, "x");
    return outcome.ok ? outcome.address.url : outcome.fields["url"];
  };
  for (const url of ["sftp://u:pw@h//p", "rest:http://%zz@h/x/", "rest:http://u%ff:p@h/x/"])
    expect(urlOf(url)).toStartWith("Write ");
  for (const url of ["sftp:u@h:/srv/p", "sftp:h:p", "sftp://u@h:22//p", "sftp://[::1]:22/p", "sftp:u@[fe80::1]:/p"])
    expect(urlOf(url)).toBe(url);
  const env = { AWS_SECRET_ACCESS_KEY: "a\nb" };
  expect(parseRepoInput({ url: "s3:s3.example/b", env }, "x")).toMatchObject({
    ok: false,
    fields: { env: expect.stringContaining("control characters") },
  });
});

test("environment names that could start another program are refused", () => {
  const outcome = parseRepoInput({ url: "s3:https://s3.example/b", env: { RESTIC_PASSWORD_COMMAND: "sh" } }, "x");
  expect(outcome).toMatchObject({ ok: false, fields: { env: expect.stringContaining("RESTIC_PASSWORD_COMMAND") } });
});
