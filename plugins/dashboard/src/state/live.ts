import type { Client, ConnectionState, EventDocument } from "gafferd/client";
import { Figures } from "./figures.ts";
import { Fleet } from "./fleet.ts";
import { oncePerFrame } from "./frame.ts";

/** The status of up to this many templates is requested one by one; for more, everything is requested at once. */
const maxSingleRequests = 8;
/** Events come in bursts: one request follows for all events within this time. */
const gatherMs = 50;
/** No event reports the progress or the end of a crash loop, so its status is requested at this interval. */
const recheckMs = 2000;
/** Delay before everything is requested again after a failure. */
const retryMs = 1000;
/** Events to hold back while everything is requested. If there are more, everything is requested again. */
const maxHeldBack = 10_000;

/** The state of the daemon, kept up to date by its streams: events report changes, samples report CPU and memory. */
export class Live {
  readonly client: Client;
  readonly fleet = new Fleet();
  readonly figures = new Figures();
  /** `loading` until the first answer. */
  connection: ConnectionState | "loading" = "loading";
  /** An error that another attempt would not fix, such as a missing certificate. */
  problem: string | undefined;

  readonly #onEvent: (event: EventDocument) => void;
  readonly #listeners = new Set<() => void>();
  readonly #draw = oncePerFrame(() => this.#listeners.forEach((listen) => listen()));
  #run = new AbortController();
  /** Events that arrived while everything was requested. They are applied to the answer, which may be older. */
  #heldBack: EventDocument[] | undefined;
  /** Names of the templates whose status must be requested. */
  readonly #stale = new Set<string>();
  #isAllStale = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #recheck: ReturnType<typeof setTimeout> | undefined;

  /** `onEvent` is called for each event. */
  constructor(client: Client, onEvent: (event: EventDocument) => void) {
    this.client = client;
    this.#onEvent = onEvent;
  }

  /** Calls `listen` after changes, at most once per frame. Returns a function that ends the subscription. */
  subscribe(listen: () => void): () => void {
    this.#listeners.add(listen);
    return () => void this.#listeners.delete(listen);
  }

  /** Connects, or reconnects if it is connected already. */
  start(): void {
    this.stop();
    this.#run = new AbortController();
    this.problem = undefined;
    const { signal } = this.#run;
    const fail = (error: unknown) => {
      if (signal.aborted) return;
      this.problem = error instanceof Error ? error.message : String(error);
      this.#setConnection("lost");
    };
    this.#watch(signal).catch(fail);
    this.#sample(signal).catch(fail);
  }

  /** Closes the connections: a browser has only a few for all its tabs. */
  stop(): void {
    this.#run.abort();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    clearTimeout(this.#retry);
    clearTimeout(this.#recheck);
    this.#recheck = undefined;
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const onConnection = (state: ConnectionState) => {
      if (state === "open") void this.#load(signal);
      else this.#setConnection("lost");
    };
    for await (const item of this.client.watch(undefined, { signal, onConnection })) {
      if (item.type === "gap") void this.#load(signal);
      else if (this.#heldBack === undefined) this.#apply(item);
      else if (this.#heldBack.push(item) > maxHeldBack) void this.#load(signal);
    }
  }

  async #sample(signal: AbortSignal): Promise<void> {
    const onConnection = (state: ConnectionState) => void (state === "lost" && this.figures.interrupt(Date.now()));
    for await (const sample of this.client.watchStats({ signal, onConnection })) {
      this.figures.take(sample, Date.now());
      this.#draw();
    }
  }

  async #load(signal: AbortSignal): Promise<void> {
    const heldBack: EventDocument[] = (this.#heldBack = []);
    try {
      const details = await this.client.describe();
      if (signal.aborted || this.#heldBack !== heldBack) return;
      this.fleet.reset(details);
      this.#heldBack = undefined;
      for (const event of heldBack) this.#apply(event);
      this.#recheckLoops();
      this.#setConnection("open");
    } catch {
      if (signal.aborted || this.#heldBack !== heldBack) return;
      this.#setConnection("lost");
      this.#retry = setTimeout(() => void (this.#heldBack === heldBack && this.#load(signal)), retryMs);
    }
  }

  #apply(event: EventDocument): void {
    const stale = this.fleet.apply(event);
    this.#onEvent(event);
    if (stale === "settings") this.#isAllStale = true;
    if (stale === "status") this.#stale.add(event.name);
    if (stale !== undefined) this.#timer ??= setTimeout(() => void this.#refresh(this.#run.signal), gatherMs);
    this.#draw();
  }

  /** Requests what events have made stale, one round at a time. */
  async #refresh(signal: AbortSignal): Promise<void> {
    const names = [...this.#stale].filter((name) => this.fleet.get(name) !== undefined);
    const isAllStale = this.#isAllStale || names.length > maxSingleRequests;
    this.#stale.clear();
    this.#isAllStale = false;
    // A request fails if the template was deleted meanwhile, or if the connection is lost, which reloads everything.
    if (isAllStale) await this.#load(signal);
    else await Promise.allSettled(names.map((name) => this.#refreshStatus(name, signal)));
    if (signal.aborted) return;
    const isMoreStale = this.#isAllStale || this.#stale.size > 0;
    this.#timer = isMoreStale ? setTimeout(() => void this.#refresh(signal), gatherMs) : undefined;
  }

  async #refreshStatus(name: string, signal: AbortSignal): Promise<void> {
    const status = await this.client.status(name);
    if (signal.aborted) return;
    this.fleet.setStatus(name, status);
    this.#recheckLoops();
    this.#draw();
  }

  #recheckLoops(): void {
    const loops = this.fleet.templates.filter(({ status }) => status.exits_in_a_row > 0);
    if (loops.length === 0) return;
    this.#recheck ??= setTimeout(() => {
      this.#recheck = undefined;
      for (const { name } of loops) this.#stale.add(name);
      this.#timer ??= setTimeout(() => void this.#refresh(this.#run.signal), gatherMs);
    }, recheckMs);
  }

  #setConnection(state: ConnectionState): void {
    this.connection = state;
    this.#draw();
  }
}
