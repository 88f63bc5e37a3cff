import { GafferdError } from "../errors.ts";
import type { RankCounter } from "../output/rank-counter.ts";
import { spawnProcess } from "../process/process.ts";
import type { ProcessTemplate } from "../template/template.ts";
import type { SupervisorContext } from "./context.ts";
import type { Meter } from "./meter.ts";
import { SupervisedProcess } from "./supervised-process.ts";

/** Spawns a process in a slot and begins to hold its output, or says why it cannot. Only a spawned process takes an id. */
export function spawnSupervised(
  template: ProcessTemplate,
  slot: number,
  { counter, meter, context }: { counter: RankCounter; meter: Meter; context: SupervisorContext },
): SupervisedProcess | GafferdError {
  try {
    const ledger = template.detach ? undefined : context.ledger;
    ledger?.prepare(template);
    const startedMs = performance.now();
    const process = spawnProcess(template, { log: context.log, slot });
    meter.spawns += 1;
    ledger?.add({ osPid: process.osPid, marker: process.marker, template });
    if (ledger) void process.emptied.then(() => ledger.remove(process.osPid));
    return new SupervisedProcess(process, { id: context.nextId(), slot, startedMs, template, counter, meter });
  } catch (cause) {
    if (cause instanceof GafferdError) return cause;
    return new GafferdError("spawn_failed", `cannot start \`${template.name}\`: ${String(cause)}`, { cause });
  }
}
