/** Costly work, a few at a time: who waits is served in turns by key, so that one who floods it waits behind himself. */

export type FairGate = {
  /** @throws TurnedAway when too many wait */
  run<T>(key: string, work: () => Promise<T>): Promise<T>;
};

export class TurnedAway extends Error {
  constructor() {
    super("too many wait");
    this.name = "TurnedAway";
  }
}

type Turn = { begin(): void; turnAway(): void };

/** @param mostWaiting over all keys; beyond it, the newest of the longest line makes room for a shorter one */
export function createFairGate({ parallel, mostWaiting }: { parallel: number; mostWaiting: number }): FairGate {
  /** In the order of their next turn; no line is empty. */
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
  /** @returns false when no line is longer than the asker's would be */
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
      // Whoever is let in by `next` takes over the place of the one that has ended.
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
