/** So many searches hold a part of a file in memory at a time. The others wait. */
const most = 32;

let free = most;
const waiting: (() => void)[] = [];

export const searchPermits = {
  /** Whether another search waits. */
  get areWanted(): boolean {
    return waiting.length > 0;
  },

  /** Resolves when the caller may search. It must call `release` then. */
  async acquire(): Promise<void> {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  },

  release(): void {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  },
};
