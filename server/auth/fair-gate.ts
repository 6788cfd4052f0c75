/** Limits costly work to a few calls at a time, in turns by key, so that a flood from one key delays only that key. */

export type FairGate = {
  /** @throws TurnedAway when too many calls are waiting */
  run<T>(key: string, work: () => Promise<T>): Promise<T>;
};

export class TurnedAway extends Error {
  constructor() {
    super("too many calls are waiting");
    this.name = "TurnedAway";
  }
}

type Turn = { begin(): void; turnAway(): void };

/** @param mostWaiting limit over all keys. Beyond it, the newest call of the longest queue makes room for a shorter queue */
export function createFairGate({ parallel, mostWaiting }: { parallel: number; mostWaiting: number }): FairGate {
  /** In the order of their next turn. No queue is empty. */
  const lines = new Map<string, Turn[]>();
  let running = 0;
  let waiting = 0;

  const next = () => {
    const first = lines.entries().next();
    if (first.done) return;
    const [key, line] = first.value;
    const turn = line.shift();
    lines.delete(key);
    if (line.length > 0) lines.set(key, line);
    waiting--;
    turn?.begin();
  };
  /** @returns false when no queue is longer than the caller's would be */
  const makeRoom = (key: string): boolean => {
    let longest: Turn[] = [];
    for (const line of lines.values()) if (line.length > longest.length) longest = line;
    if (longest.length <= (lines.get(key)?.length ?? 0) + 1) return false;
    longest.pop()?.turnAway();
    waiting--;
    return true;
  };
  const turnOf = (key: string) =>
    new Promise<void>((resolve, reject) => {
      if (waiting >= mostWaiting && !makeRoom(key)) {
        reject(new TurnedAway());
        return;
      }
      const turn: Turn = { begin: resolve, turnAway: () => reject(new TurnedAway()) };
      const line = lines.get(key);
      if (line) line.push(turn);
      else lines.set(key, [turn]);
      waiting++;
    });

  return {
    async run(key, work) {
      // A call released by `next` takes the slot of the call that ended.
      if (running >= parallel) await turnOf(key);
      else running++;
      try {
        return await work();
      } finally {
        if (waiting > 0) next();
        else running--;
      }
    },
  };
}
