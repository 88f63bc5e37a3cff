import type { OutputMeter } from "../output/ring.ts";
import type { ExitStatus } from "../process/exit-status.ts";
import type { ByteCounter } from "../process/stdin.ts";
import type { Verdict } from "./verdict.ts";

/**
 * What is counted of a template as long as it lives, over all its processes: no figure goes back, whatever they do. Who
 * makes something happen counts it, so that nothing has to be added up when somebody asks. Its size is bounded by what
 * the kernel knows of exits, and by the labels that the template ever had.
 */
export class Meter {
  /** How many processes were spawned. */
  spawns = 0;
  /** How many processes took the place of one that ended unasked. */
  restarts = 0;
  /** How often it exited too often in its window. */
  flaps = 0;
  /** What the pipes to stdin took. */
  readonly input: ByteCounter = { bytes: 0 };
  readonly #outputs = new Map<string, OutputMeter>();
  readonly #exitsByCode = new Map<number, number>();
  readonly #exitsBySignal = new Map<string, number>();

  /** By label; one that no process had yet is absent. */
  get outputs(): ReadonlyMap<string, Readonly<OutputMeter>> {
    return this.#outputs;
  }

  /** How many processes ended with each exit code, asked to or not. */
  get exitsByCode(): ReadonlyMap<number, number> {
    return this.#exitsByCode;
  }

  /** The same for those that a signal ended, by its name. */
  get exitsBySignal(): ReadonlyMap<string, number> {
    return this.#exitsBySignal;
  }

  /** The one that all rings of a label share. */
  output(label: string): OutputMeter {
    let output = this.#outputs.get(label);
    if (output === undefined) {
      output = { bytes: 0, gaps: 0, droppedBytes: 0 };
      this.#outputs.set(label, output);
    }
    return output;
  }

  countVerdict(kind: Verdict["kind"]): void {
    if (kind === "respawn" || kind === "wait") this.restarts += 1;
    if (kind === "flapping" || kind === "flapped-out") this.flaps += 1;
  }

  countExit(status: ExitStatus): void {
    if ("exitCode" in status) countOne(this.#exitsByCode, status.exitCode);
    else countOne(this.#exitsBySignal, status.signal);
  }
}

function countOne<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
