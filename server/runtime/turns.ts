/** Runs work in portions and a few at a time, so that other work gets its turn. */

export type Turns = {
  /** Runs the work now if nothing is waiting and little has run in this turn of the event loop, otherwise as soon as possible. `work` must not throw. */
  take(work: () => void): void;
};

/** @param atOnce calls in one turn of the event loop. A person's request takes several turns, so each must stay short */
export function createTurns(atOnce: number): Turns {
  let waiting: (() => void)[] = [];
  let done = 0;
  let isScheduled = false;

  const run = (work: () => void) => {
    done += 1;
    work();
  };

  const schedule = () => {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      done = 0;
      const now = waiting.slice(0, atOnce);
      waiting = waiting.slice(now.length);
      for (const work of now) run(work);
      if (done > 0) schedule();
    });
  };

  return {
    take(work) {
      if (waiting.length > 0 || done >= atOnce) waiting.push(work);
      else run(work);
      schedule();
    },
  };
}

/** Lets other work run between two portions of long work. */
export const breathe = () => new Promise<void>((resolve) => setImmediate(resolve));
