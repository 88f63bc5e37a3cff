import { closeSync, openSync, readFileSync } from "node:fs";

/** Who asks for descriptors. */
export type DescriptorUse = "process" | "stream";

/**
 * The last descriptors of the table that each leaves to others: streams to short requests, processes to both. So however
 * many processes are wanted, somebody can still ask what is wrong, and stop some. A small table keeps fewer.
 */
const keptFrom: Readonly<Record<DescriptorUse, { readonly most: number; readonly share: number }>> = {
  process: { most: 32, share: 1 / 4 },
  stream: { most: 8, share: 1 / 16 },
};

/** As it was read last: it may be changed from outside (`prlimit`). */
let limit = 0;

/**
 * Whether `use` may open some more. The kernel gives the lowest free number, so that what is given shows how full the
 * table is. Where the limit cannot be read, as on macOS, the last ones may be taken too.
 */
export function hasDescriptorsFor(use: DescriptorUse): boolean {
  const lowestFree = findLowestFree();
  if (lowestFree === undefined) return false;
  if (lowestFree < limit - kept(use)) return true;
  limit = readLimit() ?? 0;
  return limit === 0 || lowestFree < limit - kept(use);
}

function kept(use: DescriptorUse): number {
  const { most, share } = keptFrom[use];
  return Math.min(most, Math.floor(limit * share));
}

/** Undefined when all are taken. */
function findLowestFree(): number | undefined {
  try {
    const descriptor = openSync("/dev/null", "r");
    closeSync(descriptor);
    return descriptor;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "EMFILE" || code === "ENFILE" ? undefined : 0;
  }
}

/** From the row `Max open files  1024  8192  files`; see proc(5). */
function readLimit(): number | undefined {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1")) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined; // No Linux.
  }
}
