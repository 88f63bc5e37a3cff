import { closeSync } from "node:fs";
import { loadLibc } from "../../libc.ts";

const load = () =>
  loadLibc({
    dup2: { args: ["i32", "i32"], returns: "i32" },
    dup: { args: ["i32"], returns: "i32" },
  });
let libc: ReturnType<typeof load> | undefined;

/**
 * Redirects descriptors 1 and 2 to the open file `descriptor`, so that everything this process writes goes there, including
 * what plugins and Bun print. The caller still owns `descriptor`. Throws an Error if the C library cannot be loaded.
 */
export function redirectOutput(descriptor: number): void {
  libc ??= load();
  for (const standard of [1, 2]) {
    if (libc.dup2(descriptor, standard) === -1) throw new Error(`cannot redirect descriptor ${standard}`);
  }
}

/** Saves descriptors 1 and 2. Call the returned function once to restore them. */
export function saveOutput(): () => void {
  libc ??= load();
  const { dup, dup2 } = libc;
  const saved = [1, 2].map((standard) => [standard, dup(standard)] as const);
  return () => {
    for (const [standard, copy] of saved) {
      // The descriptor was closed when gafferd started.
      if (copy === -1) continue;
      dup2(copy, standard);
      closeSync(copy);
    }
  };
}
