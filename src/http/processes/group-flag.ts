import { flag } from "../operation/parameter.ts";

/** Query parameter of all `_signal` routes. */
export const groupFlag = flag(
  "group",
  false,
  "`true`: send the signal to the process group of each process, which includes its child processes. `false`: send it only to the process.",
);
