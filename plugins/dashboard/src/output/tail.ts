import type { Client, TailItem } from "gafferd/client";
import type { OutputTerminal } from "./terminal.ts";
import { writeItems } from "./write-items.ts";
import { ItemFormatter } from "./format-items.ts";

/** Number of earlier lines that are shown first. */
const linesBack = 1000;

export type TailState = "connecting" | "live" | "lost" | "ended" | "failed";

export interface TailView {
  readonly state: TailState;
  readonly isPaused: boolean;
  readonly gaps: number;
  /** Why it failed. */
  readonly reason?: string;
}

export interface TailTarget {
  readonly target: string | number;
  readonly label: string | undefined;
  readonly isPrefixed: boolean;
}

export interface TailParts {
  readonly client: Client;
  readonly of: TailTarget;
  readonly terminal: OutputTerminal;
  /** Called with the new state after each change. */
  readonly onChange: (view: TailView) => void;
}

/** Shows an output in a terminal. After a stop, `start` continues where it was. */
export class Tail {
  #view: TailView = { state: "connecting", isPaused: false, gaps: 0 };
  #lastId: string | undefined;
  #run = new AbortController();
  #gate = Promise.withResolvers<void>();
  readonly #client: Client;
  readonly #of: TailTarget;
  readonly #terminal: OutputTerminal;
  readonly #onChange: (view: TailView) => void;
  readonly #formatter: ItemFormatter;

  constructor({ client, of, terminal, onChange }: TailParts) {
    this.#client = client;
    this.#of = of;
    this.#terminal = terminal;
    this.#onChange = onChange;
    this.#formatter = new ItemFormatter(of.isPrefixed);
    this.#gate.resolve();
  }

  start(): void {
    if (this.#view.state === "ended") return;
    this.stop();
    const run = (this.#run = new AbortController());
    this.#follow(run.signal).catch((error: unknown) => {
      if (run.signal.aborted) return;
      this.#change({ state: "failed", reason: error instanceof Error ? error.message : String(error) });
    });
  }

  stop(): void {
    this.#run.abort();
  }

  /** While paused, output stays in the daemon, as far as its buffer can hold it. */
  setPaused(isPaused: boolean): void {
    if (isPaused === this.#view.isPaused) return;
    if (isPaused) this.#gate = Promise.withResolvers();
    else this.#gate.resolve();
    this.#change({ isPaused });
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { target, label } = this.#of;
    const items = this.#client.tail(target, {
      signal,
      ...(label !== undefined && { label }),
      ...(this.#lastId === undefined ? { tail: linesBack } : { since: this.#lastId }),
      onConnection: (state) => void (signal.aborted || this.#change({ state: state === "open" ? "live" : "lost" })),
    });
    const stopped = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    const sink = {
      write: (text: string) => this.#terminal.write(text),
      ready: () => (this.#view.isPaused ? Promise.race([this.#gate.promise, stopped]) : undefined),
    };
    await writeItems(items, this.#formatter, sink, signal, (item) => this.#note(item));
    this.#change({ state: "ended" });
  }

  #note(item: TailItem): void {
    this.#lastId = item.id;
    if (item.type === "gap") this.#change({ gaps: this.#view.gaps + 1 });
  }

  #change(change: Partial<TailView>): void {
    this.#view = { ...this.#view, ...change };
    this.#onChange(this.#view);
  }
}
