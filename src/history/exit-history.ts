import { bootId } from "../boot.ts";
import type { ExitReportDocument, HistoryEntry } from "../documents/exit-schemas.ts";
import type { Logger } from "../log.ts";
import { messageOf } from "../reason.ts";
import type { Store } from "../store/store.ts";
import type { SupervisedProcess } from "../supervisor/supervised-process.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import type { Verdict } from "../supervisor/verdict.ts";
import type { ProcessTemplate } from "../template/template.ts";
import { changedSettings } from "./changed-settings.ts";
import { decideEndedBy } from "./ended-by.ts";
import { type ExitFacts, toHistoryEntry, toLostExit, toReportRest } from "./exit-report.ts";
import { ExitRows, maxExitsOfTemplate, type RecordedExit } from "./exit-rows.ts";
import { OomKills } from "./oom-kills.ts";
import { RecentExits } from "./recent-exits.ts";
import { RunningChanges } from "./running-changes.ts";
import { describeFollowed } from "./what-followed.ts";

/** A report waits this long for the rest of the output and for what the process has started. */
const finishMs = 2000;

/** The store, as far as this needs it. It must be open. */
export type HistoryStore = Pick<Store, "path" | "open" | "writeLater" | "transaction" | "flush">;

/** What is being written. It is forgotten when that has succeeded. */
interface Batch {
  readonly exits: readonly RecordedExit[];
  readonly running: ReturnType<RunningChanges["take"]>;
}

/**
 * The last exits of all templates, with a report of each: who or what ended the process, its last output, and what followed.
 * They are kept in the store, those of earlier boots too; without a store, fewer are kept in memory. Writes are gathered for
 * 100 ms and do not wait for the disk.
 */
export class ExitHistory {
  readonly #log: Logger;
  readonly #oomKills = new OomKills();
  /** Exits whose process has not finished, and how to record each now. */
  readonly #unfinished = new Map<SupervisedProcess, { readonly facts: ExitFacts; record(): void }>();
  readonly #recent = new RecentExits();
  readonly #running = new RunningChanges();
  #batch: Batch | undefined;
  /** The settings of the process that was spawned last, by template. */
  readonly #lastSettings = new Map<string, ProcessTemplate>();
  readonly #changed = new WeakMap<SupervisedProcess, readonly string[]>();
  #store: HistoryStore | undefined;
  #rows: ExitRows | undefined;
  #isScheduled = false;
  #isFailing = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Writes exits to the store from now on. Processes that ran when an earlier boot ended are lost. Throws the errors of SQLite. */
  open(store: HistoryStore): void {
    const rows = new ExitRows(store.open());
    store.transaction(() => {
      const lost = rows.runningOfOthers(bootId);
      rows.add(lost.map(toLostExit));
      for (const row of lost) rows.removeRunning(row);
    });
    this.#store = store;
    this.#rows = rows;
  }

  spawned(process: SupervisedProcess): void {
    const { id: pid, osPid, slot, startedAtMs, template } = process;
    const before = this.#lastSettings.get(template.name);
    if (before !== undefined) this.#changed.set(process, changedSettings(before, template));
    this.#lastSettings.set(template.name, template);
    if (this.#store === undefined) return;
    const ids = { boot: bootId, pid, template: template.name, os_pid: osPid, slot };
    this.#running.spawned({ ...ids, started_ms: startedAtMs });
    this.#schedule();
  }

  /** Call when a process has exited and it is decided what follows. */
  exited(supervisor: Supervisor, process: SupervisedProcess, decision: ExitDecisionFacts): void {
    const facts = this.#factsOf(supervisor, process, decision);
    if (facts === undefined) return;
    const record = (): void => {
      clearTimeout(timer);
      if (!this.#unfinished.delete(process)) return;
      this.#recent.add({ entry: toHistoryEntry(process, facts), rest: toReportRest(process, facts) });
      if (this.#store !== undefined) this.#running.exited(process.id);
      this.#schedule();
    };
    const timer = setTimeout(record, finishMs).unref();
    this.#unfinished.set(process, { facts, record });
    void process.finished.then(record);
  }

  /** Call when a template was deleted. Its exits are kept. */
  forget(name: string): void {
    this.#lastSettings.delete(name);
  }

  /** The last 100 exits of a template, oldest first. */
  list(name: string): HistoryEntry[] {
    const entries = this.#notInStore(name).map(({ entry }) => entry);
    const known = new Set(entries.map(keyOf));
    const stored = this.#read((rows) => rows.list(name)) ?? [];
    return [...stored.filter((entry) => !known.has(keyOf(entry))), ...entries].slice(-maxExitsOfTemplate);
  }

  /** The report of an exit; without `boot`, of the newest of that pid. Undefined if it is not kept. */
  report(name: string, pid: number, boot?: string): ExitReportDocument | undefined {
    const isWanted = ({ entry }: RecordedExit) => entry.pid === pid && (boot === undefined || entry.boot === boot);
    const found = this.#notInStore(name).findLast(isWanted) ?? this.#read((rows) => rows.find(name, pid, boot));
    return found && { ...found.entry, ...found.rest };
  }

  /** Writes what is left, and releases the store. Call it when no process will exit any more. */
  close(): void {
    for (const { record } of this.#unfinished.values()) record();
    this.#store?.flush();
    this.#rows?.close();
    this.#rows = undefined;
    this.#store = undefined;
  }

  #factsOf(
    supervisor: Supervisor,
    process: SupervisedProcess,
    { verdict, isShutdown }: ExitDecisionFacts,
  ): ExitFacts | undefined {
    const { exit, template, stopRequest, stopReason } = process;
    if (exit === undefined) return undefined;
    const isKilled = stopRequest === undefined && "signal" in exit.status && exit.status.signal === "SIGKILL";
    const endedBy = decideEndedBy({
      status: exit.status,
      ranMs: process.ranMs,
      request: stopRequest,
      isShutdown,
      sent: process.sentSignal,
      stopSignal: template.stopSignal,
      outOfMemory: isKilled ? this.#oomKills.claim() : "no",
    });
    const followed = describeFollowed({ verdict, stopReason, template, status: supervisor.status() });
    return { supervisor, endedBy, followed, changed: this.#changed.get(process) };
  }

  /** Exits that are in memory, oldest first. */
  #notInStore(name: string): RecordedExit[] {
    const unfinished = [...this.#unfinished]
      .filter(([{ template }]) => template.name === name)
      .map(([process, { facts }]) => ({ entry: toHistoryEntry(process, facts), rest: toReportRest(process, facts) }));
    const inBatch = (this.#batch?.exits ?? []).filter(({ rest }) => rest.name === name);
    return [...inBatch, ...this.#recent.of(name), ...unfinished];
  }

  /** Undefined without a store, or if the disk fails. */
  #read<Result>(read: (rows: ExitRows) => Result): Result | undefined {
    try {
      return this.#rows && read(this.#rows);
    } catch (error) {
      this.#noteFailure(error);
      return undefined;
    }
  }

  #schedule(): void {
    if (this.#store === undefined || this.#isScheduled) return;
    this.#isScheduled = true;
    this.#store
      .writeLater(() => this.#write())
      .then(
        () => {
          this.#batch = undefined;
          if (this.#isFailing) this.#log.warn("exits are saved again");
          this.#isFailing = false;
        },
        (error: unknown) => this.#noteFailure(error),
      )
      .finally(() => {
        this.#isScheduled = false;
        if (this.#recent.size + this.#running.size > 0 && !this.#isFailing) this.#schedule();
      });
  }

  /** Runs in a transaction, and once more if that one fails because of another write. */
  #write(): void {
    const rows = this.#rows;
    if (rows === undefined) return;
    this.#batch ??= { exits: this.#recent.take(), running: this.#running.take() };
    for (const [pid, change] of this.#batch.running) {
      if (change === "gone") rows.removeRunning({ boot: bootId, pid });
      else rows.addRunning(change);
    }
    rows.add(this.#batch.exits);
  }

  /** What could not be written is kept as long as there is room, and is tried again with the next exit. */
  #noteFailure(error: unknown): void {
    if (this.#batch !== undefined) {
      this.#recent.putBack(this.#batch.exits);
      this.#running.putBack(this.#batch.running);
      this.#batch = undefined;
    }
    if (!this.#isFailing) this.#log.error(`cannot save exits in ${this.#store?.path}: ${messageOf(error)}`);
    this.#isFailing = true;
  }
}

export interface ExitDecisionFacts {
  /** Undefined if gafferd had asked for the exit, or the template was stopped. */
  readonly verdict: Verdict | undefined;
  /** Whether it was stopped because gafferd stops. */
  readonly isShutdown: boolean;
}

function keyOf({ boot, pid }: HistoryEntry): string {
  return `${boot} ${pid}`;
}
