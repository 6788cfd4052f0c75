import { expect, test } from "bun:test";
import type { RepoKind } from "../../shared/repos.ts";
import { placeOf } from "./sharing.ts";

const at = (kind: RepoKind, url: string, hostId = "h") => placeOf({ kind, url, hostId });

test("an address is the same however it is written", () => {
  const same: [RepoKind, string, string][] = [
    ["rest", "rest:https://Vault.example/all/", "rest:https://vault.example:443/all"],
    ["sftp", "sftp:backup@vault:/srv/all", "sftp://backup@VAULT//srv/all/"],
    ["sftp", "sftp:vault:/srv/all", "sftp://vault:22//srv/all"],
    ["s3", "s3:s3.example/bucket/all", "s3:https://S3.example/bucket/all/"],
    ["b2", "b2:bucket:all", "b2:bucket:/all/"],
    ["other", "gs:bucket:/all", "gs:bucket:all"],
  ];
  for (const [kind, one, two] of same) expect([one, at(kind, one, "x")]).toEqual([one, at(kind, two, "y")]);
});

test("another path, port, server or SSH user is another address", () => {
  const others: [RepoKind, string, string][] = [
    ["rest", "rest:https://vault.example/all/", "rest:https://vault.example/All/"],
    ["rest", "rest:https://vault.example/all/", "rest:https://vault.example:8000/all/"],
    ["rest", "rest:https://vault.example/all/", "rest:https://vault.example/all/web-02/"],
    ["sftp", "sftp:vault:/srv/all", "sftp://vault:2222//srv/all"],
    // Each user may be confined to a folder of their own, where the same path is a different place.
    ["sftp", "sftp:web@vault:/backup", "sftp:db@vault:/backup"],
    ["sftp", "sftp:vault:/backup", "sftp:db@vault:/backup"],
    ["s3", "s3:s3.example/bucket/all", "s3:s3.example/bucket/other"],
    ["b2", "b2:bucket:all", "b2:another:all"],
  ];
  for (const [kind, one, two] of others) expect(at(kind, one)).not.toBe(at(kind, two));
});

test("places that differ from machine to machine are never shared", () => {
  const own: [RepoKind, string][] = [
    ["local", "/srv/all"],
    ["rest", "rest:http://127.0.0.1:8000/all/"],
    ["rest", "rest:http://localhost:8000/all/"],
    ["rest", "rest:http://[::1]:8000/all/"],
    ["rest", "rest:http://[::ffff:127.0.0.1]:8000/all/"],
    ["rest", "rest:http://127.1:8000/all/"],
    ["rest", "rest:http://localhost.:8000/all/"],
    ["rest", "rest:http://vault.localhost:8000/all/"],
    ["sftp", "sftp:web@127.1:/srv/all"],
    ["sftp", "sftp://web@[::ffff:127.0.0.1]//srv/all"],
    ["sftp", "sftp:web@vault:all"],
    ["sftp", "sftp://web@vault/all"],
    ["rclone", "rclone:nas:all"],
    ["other", "azure:container:/all"],
    ["other", "swift:container:/all"],
  ];
  for (const [kind, url] of own) {
    expect(at(kind, url, "x")).not.toBe(at(kind, url, "y"));
    expect(at(kind, url, "x")).toBe(at(kind, `${url}/`, "x"));
  }
});
