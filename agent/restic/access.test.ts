/** Credentials as restic's environment, and what a host refuses. */
import { expect, test } from "bun:test";
import { createRedactor } from "../../shared/redact.ts";
import { accessOf, environmentOf, redactCredential, refusedNames, restEndpoint, shownUrl } from "./access.ts";
import { tcpTarget } from "./reach.ts";

const rest = {
  url: "rest:http://vault:8000/web-01/",
  http_username: "web-01",
  http_password: "http-secret",
  repo_password: "restic-secret",
  env: {},
};

test("address, user and passwords go by environment", () => {
  expect(environmentOf(accessOf("id", "vault", rest), "/cache")).toEqual({
    RESTIC_REPOSITORY: "rest:http://vault:8000/web-01/",
    RESTIC_PASSWORD: "restic-secret",
    RESTIC_REST_USERNAME: "web-01",
    RESTIC_REST_PASSWORD: "http-secret",
    RESTIC_PROGRESS_FPS: "1",
    RESTIC_CACHE_DIR: "/cache",
  });
});

test("only the environment that belongs to the kind of repo is accepted", () => {
  const s3 = {
    ...rest,
    url: "s3:s3.example/bucket",
    env: { AWS_ACCESS_KEY_ID: "a", LD_PRELOAD: "/x.so", RESTIC_PASSWORD_COMMAND: "sh" },
  };
  expect(refusedNames(s3, [])).toEqual(["LD_PRELOAD", "RESTIC_PASSWORD_COMMAND"]);
  expect(refusedNames(s3, ["RESTIC_PASSWORD_COMMAND"])).toEqual(["LD_PRELOAD"]);
  expect(refusedNames({ ...rest, env: { AWS_ACCESS_KEY_ID: "a" } }, [])).toEqual(["AWS_ACCESS_KEY_ID"]);
});

test("a password in the address is used, known as a secret, and not shown", () => {
  const access = accessOf("id", "vault", {
    ...rest,
    url: "rest:https://u:p%40ss@vault/x",
    http_username: null,
    http_password: null,
  });
  expect(restEndpoint(access)).toEqual({
    url: "https://vault/x",
    headers: { Authorization: `Basic ${btoa("u:p@ss")}` },
  });
  expect(shownUrl(access)).toBe("rest:https://vault/x");
  const redactor = createRedactor();
  redactCredential(redactor, access.credential);
  expect(redactor.redact("said p@ss and p%40ss and restic-secret")).toBe(
    "said [redacted] and [redacted] and [redacted]",
  );
});

test("where to knock for each kind of repo", () => {
  expect(tcpTarget("sftp:backup@vault:/srv")).toEqual({ host: "vault", port: 22 });
  expect(tcpTarget("sftp://backup@[::1]:2222//srv")).toEqual({ host: "::1", port: 2222 });
  expect(tcpTarget("s3:s3.amazonaws.com/bucket")).toEqual({ host: "s3.amazonaws.com", port: 443 });
  expect(tcpTarget("s3:http://minio:9000/bucket")).toEqual({ host: "minio", port: 9000 });
  expect(tcpTarget("/srv/repo")).toBeNull();
  expect(tcpTarget("rclone:remote:path")).toBeNull();
});
