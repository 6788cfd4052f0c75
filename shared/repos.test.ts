import { expect, test } from "bun:test";
import { problemOfAddress, type RepoKind, repoKindOf } from "./repos.ts";

const GOOD: readonly [RepoKind, string][] = [
  ["rest", "rest:https://vault.example:8000/web-01/"],
  ["rest", "rest:http://[::1]:8000/"],
  ["local", "/srv/restic"],
  ["local", "C:\\backup"],
  ["sftp", "sftp:backup@vault.example:/srv/restic"],
  ["sftp", "sftp:vault:relative/path"],
  ["sftp", "sftp://backup@vault.example:2222//srv/restic"],
  ["sftp", "sftp://[::1]:2222//srv/restic"],
  ["s3", "s3:https://s3.example:9000/bucket/path"],
  ["s3", "s3:s3.amazonaws.com/bucket"],
  ["b2", "b2:bucket:web-01"],
  ["rclone", "rclone:remote:some path/web-01"],
  ["other", "azure:container:/web-01"],
  ["other", "gs:bucket:/web-01"],
];

test.each(GOOD)("%s: %s is taken", (kind, url) => {
  expect(repoKindOf(url)).toBe(kind);
  expect(problemOfAddress(kind, url)).toBeNull();
});

test.each([
  ["sftp", "sftp:-oProxyCommand=x:/srv"],
  ["sftp", "sftp:a@-oProxyCommand=x:/srv"],
  ["sftp", "sftp://-oProxyCommand=x@vault/srv"],
  ["sftp", "sftp:vault"],
  ["rclone", "rclone::sftp,ssh=x:/srv"],
  ["rclone", "rclone:--config=x:/srv"],
  ["rclone", "rclone:remote"],
  ["s3", "s3:-x/bucket"],
  ["rest", "rest:vault:8000"],
  ["local", "srv/restic"],
  ["other", "ftp://host/x"],
] as const)("%s: %s is refused with a sentence", (kind, url) => {
  expect(problemOfAddress(kind, url)).toMatch(/\.$/);
});
