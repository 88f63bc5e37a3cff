import { closeSync } from "node:fs";
import { loadLibc } from "../../libc.ts";

const load = () =>
  loadLibc({
    dup2: { args: ["i32", "i32"], returns: "i32" },
    dup: { args: ["i32"], returns: "i32" },
  });
let libc: ReturnType<typeof load> | undefined;

/**
 * Makes descriptors 1 and 2 the open file `descriptor`, so that everything this process writes goes there, what plugins
 * and Bun itself print included. The caller still owns `descriptor`. Throws an Error when the C library cannot be loaded.
 */
export function redirectOutput(descriptor: number): void {
  libc ??= load();
  for (const standard of [1, 2]) {
    if (libc.dup2(descriptor, standard) === -1) throw new Error(`cannot redirect descriptor ${standard}`);
  }
}

/** Keeps what descriptors 1 and 2 are now, and returns the function that restores them, once. */
export function keepOutput(): () => void {
  libc ??= load();
  const { dup, dup2 } = libc;
  const kept = [1, 2].map((standard) => [standard, dup(standard)] as const);
  return () => {
    for (const [standard, copy] of kept) {
      // It was closed when gafferd started.
      if (copy === -1) continue;
      dup2(copy, standard);
      closeSync(copy);
    }
  };
}
