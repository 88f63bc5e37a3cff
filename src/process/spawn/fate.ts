import type { ProcessTemplate } from "../../template/template.ts";
import type { Fate } from "../stop/marker.ts";

/** What becomes of a template's processes, and of what they start, when gafferd ends. */
export function fateOf({ detach, onHostExit }: ProcessTemplate): Fate {
  return detach || onHostExit === "keep" ? "keep" : "end";
}
