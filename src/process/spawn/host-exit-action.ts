import type { ProcessTemplate } from "../../template/template.ts";
import type { HostExitAction } from "../stop/marker.ts";

/** What happens to the processes of a template, and to those that they start, when gafferd exits. */
export function hostExitActionOf({ detach, onHostExit }: ProcessTemplate): HostExitAction {
  return detach || onHostExit === "keep" ? "keep" : "end";
}
