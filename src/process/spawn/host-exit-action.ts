import type { ProcessTemplate } from "../../template/template.ts";
import type { HostExitAction } from "../stop/marker.ts";

/** What becomes of a template's processes, and of what they start, when gafferd ends. */
export function hostExitActionOf({ detach, onHostExit }: ProcessTemplate): HostExitAction {
  return detach || onHostExit === "keep" ? "keep" : "end";
}
