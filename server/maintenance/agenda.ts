/** Chooses the repos that must be evaluated now, because evaluating a whole fleet every minute costs more than all its agents together. */
import type { Db } from "../../db/open.ts";
import { listRepoCalls, type RepoCall } from "../../db/queries/repos.ts";
import { type Clock, MINUTE_MS, SECOND_MS } from "../../shared/time/clock.ts";
import type { FactBus, FactName } from "../runtime/facts.ts";
import type { Decision, Decisions } from "./decide.ts";

/** The facts besides time that decisions depend on. */
const CHANGING = [
  "host.connected",
  "host.changed",
  "state.changed",
  "job.finished",
  "repo.changed",
] as const satisfies FactName[];

/** Each repo is evaluated at least this often: a fact may be missed, and some decisions change with time alone. */
export const EVALUATE_AGAIN_MS = 5 * MINUTE_MS;
/** Short, frequent rounds. A whole minute's worth at once takes half a second and tens of MB. */
export const ROUND_EVERY_MS = 10 * SECOND_MS;
/** About 1 000 a minute. The rest of a larger fleet follows in later rounds. */
const MOST_A_ROUND = 170;

export type MaintenanceAgenda = {
  /** Ids of the repos to evaluate in this round, longest-waiting first. */
  round(): string[];
  /** @param nextAt when time alone may change the decision; null = never */
  evaluated(repoId: string, nextAt: number | null): void;
  /** The evaluation failed and counts as not done. */
  failed(repoId: string): void;
};

type Evaluation = { at: number; nextAt: number | null };

export function createMaintenanceAgenda({ db, clock, bus }: { db: Db; clock: Clock; bus: FactBus }): MaintenanceAgenda {
  let evaluations = new Map<string, Evaluation>();
  const changes = new Map<string, number>();
  for (const name of CHANGING) bus.on(name, ({ hostId }) => void changes.set(hostId, clock.now()));

  bus.on("deletion_holds.changed", () => {
    evaluations = new Map();
  });

  const changedAt = ({ hostId, executorId }: RepoCall): number =>
    Math.max(changes.get(hostId) ?? 0, changes.get(executorId) ?? 0);

  return {
    round() {
      const now = clock.now();
      const calls = listRepoCalls(db);
      evaluations = new Map(
        calls.flatMap(({ id }) => (evaluations.has(id) ? [[id, evaluations.get(id) as Evaluation]] : [])),
      );
      // Which repo maintains a repository depends on all repos that share it.
      const newest = new Map<string, number>();
      for (const call of calls) {
        const same = call.resticId ?? call.id;
        newest.set(same, Math.max(newest.get(same) ?? 0, changedAt(call)));
      }
      const waiting = calls.flatMap((call): { id: string; since: number }[] => {
        const last = evaluations.get(call.id);
        if (last === undefined) return [{ id: call.id, since: Number.NEGATIVE_INFINITY }];
        const isChanged = (newest.get(call.resticId ?? call.id) ?? 0) >= last.at;
        const isTime = last.nextAt !== null && last.nextAt <= now;
        return isChanged || isTime || now - last.at >= EVALUATE_AGAIN_MS ? [{ id: call.id, since: last.at }] : [];
      });
      const inOrder = waiting.length > MOST_A_ROUND ? waiting.toSorted((a, b) => a.since - b.since) : waiting;
      return inOrder.slice(0, MOST_A_ROUND).map(({ id }) => id);
    },
    evaluated: (repoId, nextAt) => void evaluations.set(repoId, { at: clock.now(), nextAt }),
    failed: (repoId) => void evaluations.delete(repoId),
  };
}

/** When to evaluate again if no fact arrives; `now` = in the next round. null = time alone changes nothing. */
export function nextEvaluation(decisions: Decisions, now: number): number | null {
  const times = Object.values(decisions).flatMap((decision) => timeOf(decision, now) ?? []);
  return times.length > 0 ? Math.min(...times) : null;
}

function timeOf(decision: Decision, now: number): number | null {
  if (decision.is === "later") return decision.nextAt;
  // An order is under way by the next round. If it was put off, it is tried again then.
  return decision.is === "due" ? now : (decision.until ?? null);
}
