/** Work in portions and a few at a time, so that whatever else waits gets its turn. */

export type Turns = {
  /** Runs now if nothing waits and few have run in this turn of the event loop, else as soon as it can. Must not throw. */
  take(work: () => void): void;
};

/** @param atOnce pieces in one turn of the event loop: a person's request takes several turns, so each must stay short */
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

/** Between two portions of long work. */
export const breathe = () => new Promise<void>((resolve) => setImmediate(resolve));
