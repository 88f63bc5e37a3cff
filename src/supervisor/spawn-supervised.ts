import { GafferdError } from "../errors.ts";
import type { RankCounter } from "../output/rank-counter.ts";
import { spawnProcess } from "../process/process.ts";
import type { ProcessTemplate } from "../template/template.ts";
import type { SupervisorContext } from "./context.ts";
import type { Meter } from "./meter.ts";
import { SupervisedProcess } from "./supervised-process.ts";

/** Spawns a process in a slot and starts to keep its output. Returns the error if this fails; then no id is used. */
export function spawnSupervised(
  template: ProcessTemplate,
  slot: number,
  { counter, meter, context }: { counter: RankCounter; meter: Meter; context: SupervisorContext },
): SupervisedProcess | GafferdError {
  try {
    const ledger = template.detach ? undefined : context.ledger;
    ledger?.beforeSpawn(template);
    const startedMs = performance.now();
    const process = spawnProcess(template, { log: context.log, slot });
    meter.spawns += 1;
    const { osPid, startTicks, marker } = process;
    ledger?.spawned({ osPid, startTicks, marker, template });
    if (ledger) void process.emptied.then(() => ledger.gone(process.osPid));
    const memory = context.memory?.of(template.name);
    const ids = { id: context.nextId(), slot, startedMs };
    const supervised = new SupervisedProcess(process, { ...ids, template, counter, meter, memory });
    context.spawned?.(supervised);
    return supervised;
  } catch (cause) {
    if (cause instanceof GafferdError) return cause;
    return new GafferdError("spawn_failed", `cannot start \`${template.name}\`: ${String(cause)}`, { cause });
  }
}
