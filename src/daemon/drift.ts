import { toDocument } from "../template/document.ts";
import type { ProcessTemplate } from "../template/template.ts";

/** How a running template differs from the file: `was changed at runtime (numprocesses)`, `was deleted at runtime`. */
export function describeDrift(running: ProcessTemplate | undefined, file: ProcessTemplate): string {
  if (running === undefined) return "was deleted at runtime";
  const current: Readonly<Record<string, unknown>> = toDocument(running);
  const keys = Object.entries(toDocument(file)).filter(([key, value]) => !Bun.deepEquals(current[key], value, true));
  const { numprocesses } = running;
  if (keys.length === 1 && keys[0]?.[0] === "numprocesses") {
    return `was scaled at runtime from ${file.numprocesses} to ${numprocesses}`;
  }
  if (keys.length === 0) return "was replaced at runtime";
  return `was changed at runtime (${keys.map(([key]) => key).join(", ")})`;
}
