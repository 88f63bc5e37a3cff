import type { EventBus } from "../events/bus.ts";

/** The ids of the processes of a template that have been spawned since the call, in order. Dispose it to stop collecting. */
export function collectSpawns(bus: EventBus, name: string): Disposable & { readonly ids: readonly number[] } {
  const ids: number[] = [];
  const end = bus.subscribe((event) => {
    if (event.type === "spawn" && event.name === name) ids.push(event.id);
  });
  return { ids, [Symbol.dispose]: end };
}
