import { toDocument } from "../template/document.ts";
import type { ProcessTemplate } from "../template/template.ts";

/** How a template that runs differs from the file: `was changed by request (numprocesses)`, `was deleted by request`. */
export function describeDrift(running: ProcessTemplate | undefined, file: ProcessTemplate): string {
  if (running === undefined) return "was deleted by request";
  const ours: Readonly<Record<string, unknown>> = toDocument(running);
  const keys = Object.entries(toDocument(file)).filter(([key, value]) => !Bun.deepEquals(ours[key], value, true));
  const { numprocesses } = running;
  if (keys.length === 1 && keys[0]?.[0] === "numprocesses") {
    return `was scaled by request from ${file.numprocesses} to ${numprocesses}`;
  }
  if (keys.length === 0) return "was replaced by request";
  return `was changed by request (${keys.map(([key]) => key).join(", ")})`;
}
