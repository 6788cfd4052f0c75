/** The settings that a host could not apply, with the names and line numbers that a person needs to find them. */
import type { HostRow } from "../../db/schema/hosts.ts";
import type { RepoRow } from "../../db/schema/repos.ts";
import type { SourceGroupRow } from "../../db/schema/source-groups.ts";
import type { SettingsProblem } from "../../shared/hosts.ts";
import { WHOLE_STATE } from "../../shared/protocol/to-server.ts";

/** Marks a problem of the server: it could not build the host's state because a stored secret cannot be decrypted. */
export const UNMADE_STATE = "server";

type Named = {
  groups: readonly Pick<SourceGroupRow, "id" | "name" | "includes" | "excludes">[];
  repos: readonly Pick<RepoRow, "id" | "name">[];
};

/** Without problems that have been corrected since, even if the host has not received the correction yet. */
export function settingsProblems({ stateErrors }: Pick<HostRow, "stateErrors">, named: Named): SettingsProblem[] {
  return stateErrors.flatMap(({ path, message, about }): SettingsProblem[] => {
    if (path === UNMADE_STATE) return [{ is: "not_made", message }];
    if (path === WHOLE_STATE) return [{ is: "not_saved", message }];
    if (!about) return [{ is: "other", place: path, message }];
    const { kind, id, field, value } = about;
    if (kind === "repo") {
      const repo = named.repos.find((one) => one.id === id);
      return repo ? [{ is: "repo", id, name: repo.name, message }] : [];
    }
    if (kind === "schedule") return [{ is: "schedule", id, message }];
    const group = named.groups.find((one) => one.id === id);
    if (!group) return [];
    const lines = field === "includes" ? group.includes : field === "excludes" ? group.excludes : null;
    if (lines === null || value === null) return [{ is: "group", id, name: group.name, line: null, message }];
    const at = lines.indexOf(value);
    if (at < 0) return [];
    return [
      {
        is: "group",
        id,
        name: group.name,
        line: { list: field === "includes" ? "includes" : "excludes", number: at + 1, text: value },
        message,
      },
    ];
  });
}
