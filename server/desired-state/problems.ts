/** Finds the group, repo or schedule that each error in a host's state acknowledgement is about. Pure. */
import type { StateProblem } from "../../db/schema/hosts.ts";
import type { DesiredState } from "../../shared/protocol/to-agent.ts";
import { type ToServerPayload, WHOLE_STATE } from "../../shared/protocol/to-server.ts";

type StateErrors = ToServerPayload<"state.ack">["errors"];

/** The host could not save the state at all, and continues with the previous one, if there is one. */
export function isWholeRefused(errors: StateErrors): boolean {
  return errors.some(({ path }) => path === WHOLE_STATE);
}

/** @param state the state that the host is reporting on, because its paths count positions in it. null when that state is no longer known */
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
