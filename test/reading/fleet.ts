import { RankCounter } from "../../src/output/rank-counter.ts";
import { Ring } from "../../src/output/ring.ts";
import type { OutputSource } from "../../src/reading/output-source.ts";
import { DroppedOutput } from "../../src/supervisor/dropped-output.ts";
import type { SupervisedProcess } from "../../src/supervisor/supervised-process.ts";

interface FleetProcess {
  readonly id: number;
  readonly spawnRank: number;
  readonly rings: Map<string, Ring>;
  readonly template: { readonly name: string; readonly losslessTimeoutMs: number };
  exitRank?: number;
  exit?: { readonly exitedSteadyMs: number };
}

export interface Fleet {
  readonly ranks: RankCounter;
  readonly dropped: DroppedOutput;
  readonly source: OutputSource;
  /** All processes, including dropped ones. */
  readonly processes: readonly FleetProcess[];
  spawn(): number;
  write(id: number, label: string, bytes: Uint8Array, timeMs: number): void;
  exit(id: number, timeMs: number): void;
}

/** Simulates the processes of a template: the test writes to their rings. */
export function createFleet({ labels, capacity, keptExits }: FleetOptions): Fleet {
  const ranks = new RankCounter();
  const dropped = new DroppedOutput();
  const processes: FleetProcess[] = [];
  const exits: FleetProcess[] = [];
  const held = new Set<FleetProcess>();
  const listeners = new Set<() => void>();
  const notify = () => {
    for (const listener of listeners) listener();
  };
  const find = (id: number) => processes[id - 1]!;
  return {
    ranks,
    dropped,
    processes,
    source: {
      processes: () => [...held] as unknown as SupervisedProcess[],
      onChange(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      isOpen: true,
      isGone: false,
      isAtRest: false,
      ranks,
      processId: undefined,
      dropped,
    },
    spawn() {
      const template = { name: "fleet", losslessTimeoutMs: 1000 };
      const process: FleetProcess = { id: processes.length + 1, spawnRank: ranks.next++, rings: new Map(), template };
      for (const label of labels) process.rings.set(label, new Ring(capacity, ranks));
      processes.push(process);
      held.add(process);
      notify();
      return process.id;
    },
    write: (id, label, bytes, timeMs) => find(id).rings.get(label)?.write(bytes, { unixMs: timeMs, steadyMs: timeMs }),
    exit(id, timeMs) {
      const process = find(id);
      for (const ring of process.rings.values()) ring.end();
      process.exit = { exitedSteadyMs: timeMs };
      process.exitRank = ranks.next++;
      exits.push(process);
      const forgotten = exits.length > keptExits ? exits.shift() : undefined;
      if (forgotten !== undefined) {
        held.delete(forgotten);
        dropped.add(forgotten as unknown as SupervisedProcess);
      }
      notify();
    },
  };
}

export interface FleetOptions {
  readonly labels: readonly string[];
  /** The capacity of each ring, in bytes. */
  readonly capacity: number;
  readonly keptExits: number;
}
