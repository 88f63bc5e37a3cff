import { flag } from "../operation/parameter.ts";

/** Of every `_restart`. */
export const spawnFirst = flag(
  "spawn_first",
  false,
  "`true`: each process is replaced before it is stopped, so that one more runs for a while.",
);
