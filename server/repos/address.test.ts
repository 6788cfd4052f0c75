import { expect, test } from "bun:test";
import { parseRepoInput } from "./address.ts";

test("a REST address without a path leads to a question, and is never changed silently", () => {
  const bare = { url: "rest:http://vault:8000" };
  const asked = parseRepoInput(bare, "Web 03");
  expect(asked).toEqual({
    ok: false,
    fields: { own_folder: expect.stringContaining("rest:http://vault:8000/web-03/") },
  });
  expect(parseRepoInput({ ...bare, own_folder: true }, "Web 03")).toEqual({
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
  expect(parseRepoInput({ ...bare, own_folder: false }, "Web 03")).toMatchObject({
    ok: true,
    address: { url: "rest:http://vault:8000/", httpUsername: "web-03" },
  });
  // An address with a path is clear, whatever the answer.
  for (const own_folder of [true, false])
    expect(parseRepoInput({ url: "rest:http://vault:8000/x/", own_folder }, "y")).toMatchObject({
      ok: true,
      address: { url: "rest:http://vault:8000/x/" },
    });
});

test.each([
  ["//nas/share", undefined, "Mount it"],
  ["//nas/share", "local", "Mount it"],
  ["\\\\nas\\share", undefined, "Mount it"],
  ["\\\\nas\\share", "local", "Mount it"],
  ["smb://nas/share", undefined, "Mount it"],
  ["nfs://nas/share", "other", "Mount it"],
  ["file:///srv/restic", undefined, "/srv/restic"],
  ["~/restic", undefined, "/root/restic"],
  ["~/restic", "local", "/root/restic"],
  ["$HOME/restic", "local", "full path"],
  ["http://vault:8000/web-01/", undefined, "rest:http://vault:8000/web-01/"],
  ["https://minio:9000/bucket", "s3", "s3:https://minio:9000/bucket"],
  ["ftp://host/x", undefined, "rclone"],
  ["webdavs://cloud/x", "other", "rclone"],
  ["ssh://me@vault/srv", undefined, "sftp://me@vault"],
  ["me@vault:/srv/restic", undefined, "sftp:me@vault:/srv/restic"],
] as const)("%s (%p) gets a sentence that helps", (url, kind, says) => {
  const outcome = parseRepoInput({ url, ...(kind ? { kind } : {}) }, "x");
  expect(outcome).toMatchObject({ ok: false, fields: { url: expect.stringContaining(says) } });
});

test("the address in use is accepted as it is", () => {
  for (const url of ["//nas/share", "rest:http://vault:8000/"])
    expect(parseRepoInput({ url }, "x", { isInUse: true })).toMatchObject({ ok: true, address: { url } });
});

test("user and password in the address move to their own fields", () => {
  const outcome = parseRepoInput({ kind: "rest", url: "https://me:p%40ss@vault:8000/me/x" }, "web-03");
  expect(outcome).toMatchObject({
    ok: true,
    address: { url: "rest:https://vault:8000/me/x/", httpUsername: "me", httpPassword: "p@ss" },
  });
});

test("invalid addresses are refused with a message at their field", () => {
  expect(parseRepoInput({ url: "" }, "x")).toMatchObject({ ok: false, fields: { url: expect.any(String) } });
  expect(parseRepoInput({ url: "rest:vault:8000" }, "x")).toMatchObject({
    ok: false,
    fields: { url: expect.any(String) },
  });
  expect(parseRepoInput({ kind: "local", url: "srv/restic" }, "x")).toMatchObject({
    ok: false,
    fields: { url: expect.any(String) },
  });
  expect(parseRepoInput({ url: "rest:http://h/x/", http_username: "a b" }, "x")).toMatchObject({
    ok: false,
    fields: { http_username: expect.any(String) },
  });
});

test("no password stays in an address, and malformed addresses do no harm", () => {
  const urlOf = (url: string) => {
    const outcome = parseRepoInput({ url }, "x");
    return outcome.ok ? outcome.address.url : outcome.fields["url"];
  };
  for (const url of ["sftp://u:pw@h//p", "rest:http://%zz@h/x/", "rest:http://u%ff:p@h/x/"])
    expect(urlOf(url)).toStartWith("Use the form ");
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
