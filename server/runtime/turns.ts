/** Work that comes in floods, such as a fleet that reconnects: a few milliseconds of it, then whatever else waits, and so on in order. */

export type Turns = {
  /** Runs now if nothing waits and this turn has time left, else as soon as it can. Must not throw. */
  take(work: () => void): void;
};

/** A person's request takes several turns of the event loop, so one must stay short. */
const TURN_MS = 8;

export function createTurns(turnMs = TURN_MS): Turns {
  let waiting: (() => void)[] = [];
  let spentMs = 0;
  let isScheduled = false;

  const run = (work: () => void) => {
    const startedAt = performance.now();
    work();
    spentMs += performance.now() - startedAt;
  };

  const schedule = () => {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      spentMs = 0;
      let done = 0;
      for (; done < waiting.length && spentMs < turnMs; done++) run(waiting[done] as () => void);
      waiting = waiting.slice(done);
      if (done > 0) schedule();
    });
  };

  return {
    take(work) {
      if (waiting.length > 0 || spentMs >= turnMs) waiting.push(work);
      else run(work);
      schedule();
    },
  };
}
