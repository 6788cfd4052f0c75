/** What REST answers about enrolment: tokens, pending machines, and the machines themselves. */
import * as v from "valibot";
import { announceAnswer as announced, enrollAnswer as enrolled } from "../../shared/protocol/enrollment.ts";
import { id, named, textLike, textOrNull, time } from "../http/answers.ts";
import { generatedAnswer } from "../repos/answers.ts";

export const outstandingTokenAnswer = named(
  "EnrollmentToken",
  v.strictObject({
    id,
    host_name: textLike("web-01"),
    host_id: v.nullable(id),
    repo_url: textOrNull,
    includes: v.array(textLike("/home")),
    tags: v.array(textLike("prod")),
    backup_now: v.boolean(),
    created_by: textOrNull,
    created_at: time,
    expires_at: time,
  }),
);

const tokenFields = {
  id,
  token: v.pipe(v.string(), v.description("Shown this once.")),
  expires_at: time,
  install: v.strictObject({
    linux: textLike("curl -fsSL https://backup.example/install.sh | sudo RM_TOKEN=… sh"),
    windows: v.null(),
  }),
};
export const freshTokenAnswer = named("FreshEnrollmentToken", v.strictObject(tokenFields));
export const newTokenAnswer = named(
  "NewEnrollmentToken",
  v.strictObject({ ...tokenFields, generated: generatedAnswer }),
);

export const pendingHostAnswer = named(
  "PendingHost",
  v.strictObject({
    id,
    fingerprint: textLike("SHA256:…"),
    host_name: textLike("web-01"),
    hostname_collision: v.boolean(),
    os: v.picklist(["linux", "windows"]),
    arch: v.picklist(["x64", "arm64"]),
    agent_version: textLike("0.2.0"),
    restic_version: textOrNull,
    announced_from_ip: textLike("192.0.2.7"),
    announced_at: time,
    expires_at: time,
  }),
);
export const acceptedAnswer = v.strictObject({ host_id: id, generated: generatedAnswer });

export const enrollAnswer = named("Enrolled", v.strictObject(enrolled.entries));
export const announceAnswer = named("Announced", v.strictObject(announced.entries));
