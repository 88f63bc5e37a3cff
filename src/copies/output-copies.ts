import type { EventBus } from "../events/bus.ts";
import type { Logger } from "../log.ts";
import type { Outlet } from "../log/outlet.ts";
import { findHosted } from "../manager/find-hosted.ts";
import type { Manager } from "../manager/manager.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import { type CopyTarget, copyOutput } from "./copy-output.ts";
import { FileTarget } from "./file-target.ts";
import { StdoutTarget, StdoutWriter } from "./stdout-target.ts";

export interface OutputCopiesOptions {
  readonly bus: EventBus;
  readonly manager: Manager;
  /** gafferd's own stdout. */
  readonly stdout: Pick<Outlet, "write" | "flushed" | "hasReader">;
  readonly log: Logger;
}

/** Copies output to files (`output_file`) and to gafferd's stdout (`output_to`). Templates without these cost nothing. */
export class OutputCopies {
  readonly #options: OutputCopiesOptions;
  readonly #closing = new AbortController();
  /** The templates that are copied to files. */
  readonly #files = new Map<Supervisor, FileTarget>();
  /** The templates that are copied to stdout. */
  readonly #stdouts = new Set<Supervisor>();
  readonly #writer: StdoutWriter;
  readonly #running = new Set<Promise<void>>();
  readonly #unsubscribe: () => void;

  constructor(options: OutputCopiesOptions) {
    this.#options = options;
    this.#writer = new StdoutWriter(options.stdout);
    this.#unsubscribe = options.bus.subscribe((event) => {
      if (event.type === "spawn") this.#spawned(event.name, event.id);
    });
  }

  /** Opens all files again, after another program has renamed them. Returns how many there are. */
  reopenFiles(): number {
    let count = 0;
    for (const target of this.#files.values()) {
      count += target.openCount;
      target.reopen();
    }
    return count;
  }

  /** Call when no output will follow. What cannot be written now, because a disk is full, is not written any more. */
  async close(): Promise<void> {
    this.#unsubscribe();
    this.#closing.abort();
    await Promise.all(this.#running);
  }

  /** The process has written nothing yet. */
  #spawned(name: string, id: number): void {
    const { manager, log } = this.#options;
    const supervisor = findHosted(manager, name);
    const process = supervisor?.find(id);
    if (supervisor === undefined || process === undefined) return;
    const { outputFile, outputTo } = process.template;
    if (outputFile !== undefined && !this.#files.has(supervisor)) {
      const target = new FileTarget({ signal: this.#closing.signal, log });
      this.#files.set(supervisor, target);
      this.#run(supervisor, target, async () => {
        this.#files.delete(supervisor);
        await target.close();
      });
    }
    if (outputTo !== undefined && !this.#stdouts.has(supervisor)) {
      this.#stdouts.add(supervisor);
      this.#run(supervisor, new StdoutTarget({ name, writer: this.#writer, log }), () =>
        this.#stdouts.delete(supervisor),
      );
    }
  }

  #run(supervisor: Supervisor, target: CopyTarget, onEnd: () => unknown): void {
    const { log } = this.#options;
    const run = copyOutput(supervisor, target, this.#closing.signal)
      .catch((error: unknown) => log.error(`the output of ${supervisor.template.name} is no longer copied`, error))
      .then(async () => void (await onEnd()))
      .finally(() => this.#running.delete(run));
    this.#running.add(run);
  }
}
