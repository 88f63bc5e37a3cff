import { GafferdError } from "../errors.ts";
import type { ArrivalCounter } from "../output/ring.ts";
import { spawnProcess } from "../process/process.ts";
import type { ProcessTemplate } from "../template/template.ts";
import { SupervisedProcess } from "./supervised-process.ts";

/** Spawns a process and begins to hold its output, or says why it cannot. Only a spawned process takes an id. */
export function spawnSupervised(
  template: ProcessTemplate,
  { counter, nextId }: { counter: ArrivalCounter; nextId: () => number },
): SupervisedProcess | GafferdError {
  try {
    const process = spawnProcess(template);
    return new SupervisedProcess(process, { id: nextId(), template, counter });
  } catch (cause) {
    if (cause instanceof GafferdError) return cause;
    return new GafferdError("spawn_failed", `cannot start \`${template.name}\`: ${String(cause)}`, { cause });
  }
}
