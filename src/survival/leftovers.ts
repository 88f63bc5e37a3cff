import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { allowances, createFileCheck, explainFault } from "../files/file-trust.ts";
import { readFileText } from "../files/open-file.ts";
import type { PathCheck } from "../files/safe-path.ts";
import type { Logger } from "../log.ts";
import { isStillRunning } from "../process/proc-stat.ts";
import { reasonOf } from "../reason.ts";
import { Leftover } from "./leftover.ts";
import { findProcessesByMarker } from "./processes-by-marker.ts";
import { parseHostRun, type HostRun, type RunEntry, type RunHeader } from "./run-format.ts";
import { runsFolder } from "./run-ledger.ts";
import { currentPidScope } from "./pid-scope.ts";

export interface LeftoversOptions {
  readonly stateDir: string;
  /** Empty if there is no configuration file. */
  readonly configFile: string;
  /** The names of the templates in that file. */
  readonly names: readonly string[];
  /** The names of the templates in the store of `stateDir`, which start again too. */
  readonly storedNames: readonly string[];
  /** As root, uses run files that other users can change. */
  readonly insecureFiles: boolean;
  readonly log: Logger;
}

const [pollMs, killedMs] = [50, 2000];
const maxNamed = 20;
const maxRunFileBytes = 64 * 1024 * 1024;

/**
 * Stops and logs the processes that a killed gafferd left running, so that no template runs twice. Each gets its own stop
 * signal and graceful timeout. Processes with `on_host_exit = keep` are stopped only if a template of the same name in the
 * same configuration file, or of the store, is about to start. Resolves when they have exited, or shortly after SIGKILL.
 */
export async function stopLeftovers(options: LeftoversOptions): Promise<void> {
  const { stateDir, configFile, names, storedNames, insecureFiles, log } = options;
  const runs = findDeadRuns(runsFolder(stateDir), { check: createFileCheck(insecureFiles), log });
  if (runs.length === 0) return;
  const mustStop = (header: RunHeader, { onHostExit, name }: RunEntry) =>
    onHostExit === "kill" ||
    storedNames.includes(name) ||
    (header.configFile === configFile && configFile !== "" && names.includes(name));
  const leftovers = runs.flatMap(({ header, entries }) => {
    const listed = entries.filter((entry) => mustStop(header, entry));
    return [...listed.map((entry) => new Leftover(entry)), ...unlisted(header, entries)];
  });
  for (const run of runs) logStopped(run, log);
  await stopAll(leftovers, log);
  for (const { path, entries } of runs) if (!entries.some(isStillRunning)) rmSync(path, { force: true });
}

interface DeadRun extends HostRun {
  readonly path: string;
}

interface Reading {
  readonly check: PathCheck | undefined;
  readonly log: Logger;
}

/** Logs the processes that the guardian has stopped. The guardian has no log of its own. */
function logStopped({ header, entries, stopped }: HostRun, log: Logger): void {
  if (stopped.length === 0) return;
  const names = new Map(entries.map(({ marker, name }) => [marker, name]));
  const byTemplate = Map.groupBy(stopped, ({ marker }) => names.get(marker) ?? "unlisted");
  for (const [template, processes] of byTemplate) {
    const shown = processes.slice(0, maxNamed).map(({ osPid, name }) => `${name} (${osPid})`);
    const others = processes.length > maxNamed ? ` and ${processes.length - maxNamed} more` : "";
    log.warn(`${template}: stopped after gafferd (${header.osPid}) was killed: ${shown.join(", ")}${others}`);
  }
}

/** The run files of daemons that are not running any more. Deletes files of an earlier boot, whose processes are gone. */
function findDeadRuns(folder: string, reading: Reading): DeadRun[] {
  const pidScope = currentPidScope();
  if (pidScope === undefined) return [];
  return readDirectory(folder).flatMap((name) => {
    const path = join(folder, name);
    const run = readRun(path, reading);
    if (run === undefined) return [];
    const { header } = run;
    if (header.pidScope.boot !== pidScope.boot) rmSync(path, { force: true });
    // A process in another pid namespace (container) cannot be checked from here.
    const isHere = header.pidScope.boot === pidScope.boot && header.pidScope.namespace === pidScope.namespace;
    return isHere && !isStillRunning(header) ? [{ path, ...run }] : [];
  });
}

/** Logs a file that cannot be used, and returns undefined. A file that was removed meanwhile is not logged. */
function readRun(path: string, { check, log }: Reading): HostRun | undefined {
  try {
    // A run file says which processes to kill.
    const fault = check?.find(path);
    if (fault !== undefined) {
      log.warn(`skipping the run file ${path}: ${explainFault(path, fault, allowances.option)}`);
      return undefined;
    }
    const text = readFileText(path, { maxBytes: maxRunFileBytes });
    const run = parseHostRun(text);
    // A gafferd that was killed while it created the file leaves it empty.
    if (run === undefined && text !== "") log.warn(`skipping ${path}: it is not a run file, or is damaged; remove it`);
    return run;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT") log.warn(`skipping the run file ${path}: ${reasonOf(error)}; remove it`);
    return undefined;
  }
}

/** Marked processes without an entry: their spawn was not recorded, or their leader has exited. */
function unlisted({ endMarkers }: RunHeader, entries: readonly RunEntry[]): Leftover[] {
  const listed = new Set(entries.map(({ marker }) => marker));
  const markers = [...findProcessesByMarker().keys()].filter(
    (marker) => marker.startsWith(endMarkers) && !listed.has(marker),
  );
  return markers.map((marker) => new Leftover({ marker }));
}

async function stopAll(leftovers: readonly Leftover[], log: Logger): Promise<void> {
  const startMs = performance.now();
  let remaining = leftovers;
  for (;;) {
    const byMarker = findProcessesByMarker();
    const elapsedMs = performance.now() - startMs;
    remaining = remaining.filter((each) => each.refresh(byMarker));
    for (const each of remaining) {
      if (each.isUnsignalled)
        log.warn(`${each.name}: stopping processes left by a gafferd that was killed: ${each.describe()}`);
      each.signal(elapsedMs);
    }
    const abandoned = remaining.filter((each) => elapsedMs > each.gracefulTimeoutMs + killedMs);
    for (const each of abandoned)
      log.warn(`${each.name}: SIGKILL did not end ${each.describe()}; gafferd no longer waits for it`);
    remaining = remaining.filter((each) => !abandoned.includes(each));
    if (remaining.length === 0) return;
    await Bun.sleep(pollMs);
  }
}

function readDirectory(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return []; // The directory does not exist.
  }
}
