import type { Client, TailItem } from "gafferd/client";
import type { OutputTerminal } from "./terminal.ts";
import { pour } from "./pour.ts";
import { Weaver } from "./weave.ts";

/** Lines that are fetched of what was said before. */
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
  /** Hears how it stands, whenever that changes. */
  readonly onChange: (view: TailView) => void;
}

/** Follows one output into a terminal. Stopped and started again it goes on where it was. */
export class Tail {
  #view: TailView = { state: "connecting", isPaused: false, gaps: 0 };
  #lastId: string | undefined;
  #run = new AbortController();
  #gate = Promise.withResolvers<void>();
  readonly #client: Client;
  readonly #of: TailTarget;
  readonly #terminal: OutputTerminal;
  readonly #onChange: (view: TailView) => void;
  readonly #weaver: Weaver;

  constructor({ client, of, terminal, onChange }: TailParts) {
    this.#client = client;
    this.#of = of;
    this.#terminal = terminal;
    this.#onChange = onChange;
    this.#weaver = new Weaver(of.isPrefixed);
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

  /** What comes meanwhile stays in the daemon, as far as it can hold it. */
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
    await pour(items, this.#weaver, sink, signal, (item) => this.#note(item));
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
