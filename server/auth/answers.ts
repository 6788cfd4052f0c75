/** What REST answers about the signed-in person. */
import * as v from "valibot";
import { ROLES } from "../../db/schema/users.ts";
import { id, named, textLike } from "../http/answers.ts";

export const sessionAnswer = named(
  "Session",
  v.strictObject({
    user: v.strictObject({ id, username: textLike("mara"), role: v.picklist(ROLES) }),
    csrf_token: v.pipe(v.string(), v.description("Send it with every write, as X-CSRF-Token.")),
  }),
);
