import type { OutputSource } from "./output-source.ts";

/** The outputs of a process of an earlier gafferd: nothing is in the buffers. */
export const goneSource: OutputSource = {
  processes: () => [],
  onChange: () => () => {},
  isOpen: false,
  isGone: true,
  isAtRest: true,
  ranks: { serial: 0, next: 0 },
  processId: undefined,
  dropped: { count: 0, newestId: 0, exitRank: 0, bytes: () => 0 },
};
