/** Tells an outside monitor that this server works: a request every few minutes, skipped as soon as something fails. */
import type { Log } from "../../shared/log.ts";

const ANSWER_WITHIN_MS = 20_000;

export type Heartbeat = {
  /** One heartbeat. Never throws. */
  beat(): Promise<void>;
  /** For the system page. */
  state(): { at: number | null; problem: string | null };
};

export type HeartbeatDeps = {
  url: string;
  log: Log;
  now(): number;
  /** What is wrong, in words. Empty when all is well. */
  problems(): string[];
};

export function createHeartbeat({ url, log, now, problems }: HeartbeatDeps): Heartbeat {
  let state: { at: number | null; problem: string | null } = { at: null, problem: null };
  const failed = (problem: string) => {
    if (state.problem !== problem) log.warn("no heartbeat was sent", { why: problem });
    state = { ...state, problem };
  };
  return {
    state: () => state,
    async beat() {
      const wrong = problems();
      if (wrong.length > 0) return failed(wrong.join("; "));
      try {
        const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
        await answer.body?.cancel();
        if (!answer.ok) return failed(`the heartbeat address answered ${answer.status}`);
        if (state.problem !== null) log.info("heartbeats are being sent again", {});
        state = { at: now(), problem: null };
      } catch (error) {
        failed(error instanceof Error ? error.message : String(error));
      }
    },
  };
}
