import type { OutputMeter } from "../output/ring.ts";
import type { ExitStatus } from "../process/exit-status.ts";
import type { ByteCounter } from "../process/stdin.ts";
import type { Verdict } from "./verdict.ts";

/**
 * The counters of a template, over all its processes, from its creation to its deletion. No counter ever decreases. The
 * code that causes an event counts it, so that reading a counter adds nothing up. The number of counters is limited by the
 * exit codes and signals of the kernel, and by the output labels that the template has had.
 */
export class Meter {
  /** Spawned processes. */
  spawns = 0;
  /** Processes that replaced one which exited without being asked to. */
  restarts = 0;
  /** How many times the template was flapping. */
  flaps = 0;
  /** Bytes written to the pipes of stdin. */
  readonly input: ByteCounter = { bytes: 0 };
  readonly #outputs = new Map<string, OutputMeter>();
  readonly #exitsByCode = new Map<number, number>();
  readonly #exitsBySignal = new Map<string, number>();

  /** By label. A label is absent until a process has that output. */
  get outputs(): ReadonlyMap<string, Readonly<OutputMeter>> {
    return this.#outputs;
  }

  /** Exited processes by exit code, whether or not gafferd stopped them. */
  get exitsByCode(): ReadonlyMap<number, number> {
    return this.#exitsByCode;
  }

  /** Processes that a signal ended, by signal name. */
  get exitsBySignal(): ReadonlyMap<string, number> {
    return this.#exitsBySignal;
  }

  /** The counters that all rings with this label share. */
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
