import { defaultStateDir } from "../config/gaffer-section.ts";
import { GafferdError } from "../errors.ts";
import type { EventBus } from "../events/bus.ts";
import { EventHistory } from "../history/event-history.ts";
import { eventTables, exitTables } from "../history/history-tables.ts";
import { leaseTables } from "../leases/lease-rows.ts";
import type { Logger } from "../log.ts";
import { templateTables } from "../manager/template-rows.ts";
import { RunRows, runTables } from "../runs/run-rows.ts";
import type { Runs } from "../runs/runs.ts";
import { Store } from "../store/store.ts";
import type { StoreTables } from "../store/tables.ts";
import { webhookTables } from "../webhook/webhook-tables.ts";

/** The tables of all parts of gafferd. */
export const allTables: readonly StoreTables[] = [
  webhookTables,
  templateTables,
  runTables,
  leaseTables,
  exitTables,
  eventTables,
];

/** Creates the store with the tables of all parts of gafferd. It is opened when it is first used. */
export function createStore(options: { readonly stateDir: string; readonly log: Logger }): Store {
  return new Store({ ...options, tables: allTables });
}

/**
 * Opens the store at the start of a daemon. If the disk refuses it, logs an error: the daemon then runs without a store.
 * Throws `conflict` if another daemon uses it or a later version wrote it, because a daemon without its templates would be
 * worse than none. A second daemon with the default folder is the exception: it has no folder of its own to name.
 */
export function openStore(store: Store, { stateDir, log }: { readonly stateDir: string; readonly log: Logger }): void {
  try {
    store.open();
  } catch (error) {
    if (!(error instanceof GafferdError)) throw error;
    const isInUse = (error.cause as { code?: string } | undefined)?.code?.startsWith("SQLITE_BUSY") === true;
    if (error.code === "conflict" && !(isInUse && stateDir === defaultStateDir)) throw error;
    log.error(`${error.message}; until then, nothing that is created at runtime survives a restart`);
  }
}

/** Reads the runs in the store, and writes changes to it from now on. Does nothing if the store could not be opened. */
export function openRuns(runs: Runs, store: Store): void {
  if (store.database === undefined) return;
  runs.open({
    rows: new RunRows(store.database),
    write: (run) => store.write(run),
    writeSoon: (run) => store.writeSoon(run),
    writeLater: (run) => store.writeLater(run),
  });
}

/**
 * Keeps events in the store from now on. Call it before the first event. Undefined if the store could not be opened, or cannot
 * be read, which is logged.
 */
export function openEvents(bus: EventBus, store: Store, log: Logger): EventHistory | undefined {
  if (store.database === undefined) return undefined;
  try {
    return new EventHistory(bus, store, log);
  } catch (error) {
    log.error(`cannot keep events in ${store.path}`, error);
    return undefined;
  }
}
