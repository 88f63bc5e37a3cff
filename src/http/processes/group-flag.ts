import { flag } from "../operation/parameter.ts";

/** Of every `_signal`. */
export const groupFlag = flag(
  "group",
  false,
  "`true`: the signal goes to the whole process group of each process, that is to what it has started too. `false`: to the process alone.",
);
