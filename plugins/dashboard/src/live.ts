import type { Client, ConnectionState, EventDocument } from "gafferd/client";
import { Figures } from "./figures.ts";
import { Fleet } from "./fleet.ts";
import { oncePerFrame } from "./frame.ts";

/** So many templates at once are asked about one by one, more in one answer about all. */
const maxSingleQuestions = 8;
/** Events come in bursts: what they leave unknown is asked when so much time has gathered it. */
const gatherMs = 50;
/** How a crash loop goes on, and that it has ended, is told by no event: it is asked for every so often. */
const recheckMs = 2000;
/** Until all is asked for again, when that failed. */
const retryMs = 1000;
/** So many events may wait for an answer; with more, all is asked for anew. */
const maxHeldBack = 10_000;

/** What is so in the daemon, kept so by its streams: events say what changed, samples what it takes. */
export class Live {
  readonly client: Client;
  readonly fleet = new Fleet();
  readonly figures = new Figures();
  /** `loading` until the first answer. */
  connection: ConnectionState | "loading" = "loading";
  /** What another attempt would not change, such as a certificate that is missing. */
  problem: string | undefined;

  readonly #onEvent: (event: EventDocument) => void;
  readonly #listeners = new Set<() => void>();
  readonly #draw = oncePerFrame(() => this.#listeners.forEach((listen) => listen()));
  #run = new AbortController();
  /** Events that came while all was asked for: they are applied to the answer, which may be older. */
  #heldBack: EventDocument[] | undefined;
  readonly #unknown = new Set<string>();
  #isAllUnknown = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #recheck: ReturnType<typeof setTimeout> | undefined;

  /** `onEvent` hears each event, as it comes. */
  constructor(client: Client, onEvent: (event: EventDocument) => void) {
    this.client = client;
    this.#onEvent = onEvent;
  }

  /** `listen` is called at most once for each drawing of the screen. */
  subscribe(listen: () => void): () => void {
    this.#listeners.add(listen);
    return () => void this.#listeners.delete(listen);
  }

  /** Connects, anew if it was connected already. */
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

  /** Gives the connections back: a browser has few of them for all its tabs. */
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
    const unknown = this.fleet.apply(event);
    this.#onEvent(event);
    if (unknown === "settings") this.#isAllUnknown = true;
    if (unknown === "status") this.#unknown.add(event.name);
    if (unknown !== undefined) this.#timer ??= setTimeout(() => void this.#ask(this.#run.signal), gatherMs);
    this.#draw();
  }

  /** Asks for what events left unknown, one round at a time. */
  async #ask(signal: AbortSignal): Promise<void> {
    const names = [...this.#unknown].filter((name) => this.fleet.get(name) !== undefined);
    const isAllUnknown = this.#isAllUnknown || names.length > maxSingleQuestions;
    this.#unknown.clear();
    this.#isAllUnknown = false;
    // What fails was deleted meanwhile, or the connection is lost: then all is asked for after it.
    if (isAllUnknown) await this.#load(signal);
    else await Promise.allSettled(names.map((name) => this.#askStatus(name, signal)));
    if (signal.aborted) return;
    const isMoreUnknown = this.#isAllUnknown || this.#unknown.size > 0;
    this.#timer = isMoreUnknown ? setTimeout(() => void this.#ask(signal), gatherMs) : undefined;
  }

  async #askStatus(name: string, signal: AbortSignal): Promise<void> {
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
      for (const { name } of loops) this.#unknown.add(name);
      this.#timer ??= setTimeout(() => void this.#ask(this.#run.signal), gatherMs);
    }, recheckMs);
  }

  #setConnection(state: ConnectionState): void {
    this.connection = state;
    this.#draw();
  }
}
