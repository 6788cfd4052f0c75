/** What a host says about a state that it could not take, tied to the group, repo or schedule that it means. Pure. */
import type { StateProblem } from "../../db/schema/hosts.ts";
import type { DesiredState } from "../../shared/protocol/to-agent.ts";
import { type ToServerPayload, WHOLE_STATE } from "../../shared/protocol/to-server.ts";

type StateErrors = ToServerPayload<"state.ack">["errors"];

/** The host could not keep the state at all, and goes on by the one before, if it has one. */
export function isWholeRefused(errors: StateErrors): boolean {
  return errors.some(({ path }) => path === WHOLE_STATE);
}

/** @param state the one that the host speaks of: its paths count positions in it; null when that one is not known any more */
export function locateErrors(errors: StateErrors, state: DesiredState | null): StateProblem[] {
  return errors.map((error) => ({ ...error, about: state ? placeOf(error.path, state) : null }));
}

const PATH = /^(source_groups|repos|schedules)\[(\d+)\]\.([a-z_]+)(?:\[(\d+)\])?$/;

function placeOf(path: string, state: DesiredState): NonNullable<StateProblem["about"]> | null {
  const [, list, position, field = "", line] = PATH.exec(path) ?? [];
  const at = Number(position);
  switch (list) {
    case "source_groups": {
      const group = state.source_groups[at];
      const lines = field === "includes" ? group?.includes : field === "excludes" ? group?.excludes : undefined;
      return group ? { kind: "source_group", id: group.id, field, value: lines?.[Number(line)] ?? null } : null;
    }
    case "repos": {
      const repo = state.repos[at];
      return repo ? { kind: "repo", id: repo.repo_id, field, value: null } : null;
    }
    case "schedules": {
      const schedule = state.schedules[at];
      return schedule ? { kind: "schedule", id: schedule.id, field, value: null } : null;
    }
    default:
      return null;
  }
}
