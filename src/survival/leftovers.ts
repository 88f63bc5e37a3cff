import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "../log.ts";
import { tryRead } from "../process/proc-file.ts";
import { isAlive, procStatOf } from "../process/proc-stat.ts";
import { Leftover } from "./leftover.ts";
import { findProcessesByMarker } from "./processes-by-marker.ts";
import { parseRun, type Run, type RunEntry, type RunHeader } from "./run-format.ts";
import { runsFolder } from "./run-ledger.ts";
import { currentPidScope } from "./pid-scope.ts";

export interface LeftoversOptions {
  readonly stateDir: string;
  /** Empty without one. */
  readonly configFile: string;
  /** Of the templates of that file. */
  readonly names: readonly string[];
  readonly log: Logger;
}

const [pollMs, killedMs] = [50, 2000];
const mostNamed = 20;

/**
 * Stops what a gafferd that was killed has left, each with its own stop signal and grace, and names it in the log, so
 * that no template runs twice. What is to live on (`on_host_exit = keep`) is stopped only if a template of the same name
 * in the same configuration file is about to start. Resolves when all that is gone, or outlived SIGKILL.
 */
export async function stopLeftovers({ stateDir, configFile, names, log }: LeftoversOptions): Promise<void> {
  const runs = findDeadRuns(runsFolder(stateDir));
  if (runs.length === 0) return;
  const isConcerned = (header: RunHeader, { onHostExit, name }: RunEntry) =>
    onHostExit === "kill" || (header.configFile === configFile && configFile !== "" && names.includes(name));
  const leftovers = runs.flatMap(({ header, entries }) => {
    const concerned = entries.filter((entry) => isConcerned(header, entry));
    return [...concerned.map((entry) => new Leftover(entry)), ...unlisted(header, entries)];
  });
  for (const run of runs) reportEndings(run, log);
  await stopAll(leftovers, log);
  for (const { path, entries } of runs) if (!entries.some(isThere)) rmSync(path, { force: true });
}

interface DeadRun extends Run {
  readonly path: string;
}

/** Names what the guardian has stopped meanwhile; it has no log of its own. */
function reportEndings({ header, entries, stopped }: Run, log: Logger): void {
  if (stopped.length === 0) return;
  const names = new Map(entries.map(({ marker, name }) => [marker, name]));
  const byTemplate = Map.groupBy(stopped, ({ marker }) => names.get(marker) ?? "unlisted");
  for (const [template, ended] of byTemplate) {
    const shown = ended.slice(0, mostNamed).map(({ osPid, name }) => `${name} (${osPid})`);
    const others = ended.length > mostNamed ? ` and ${ended.length - mostNamed} more` : "";
    log.warn(`${template}: stopped after gafferd (${header.osPid}) was killed: ${shown.join(", ")}${others}`);
  }
}

/** Those whose gafferd is gone. Files of an earlier boot tell of nothing any more and are removed. */
function findDeadRuns(folder: string): DeadRun[] {
  const pidScope = currentPidScope();
  if (pidScope === undefined) return [];
  return readFolder(folder).flatMap((name) => {
    const path = join(folder, name);
    const run = parseRun(tryRead(() => readFileSync(path, "utf8")) ?? "");
    if (run === undefined) return [];
    const { header } = run;
    if (header.pidScope.boot !== pidScope.boot) rmSync(path, { force: true });
    // In another container: nobody here can see whether it runs.
    const isHere = header.pidScope.boot === pidScope.boot && header.pidScope.namespace === pidScope.namespace;
    return isHere && !isThere(header) ? [{ path, ...run }] : [];
  });
}

/** Those that were spawned in the last moment, and those that left a process which is gone. */
function unlisted({ endMarkers }: RunHeader, entries: readonly RunEntry[]): Leftover[] {
  const listed = new Set(entries.map(({ marker }) => marker));
  const markers = [...findProcessesByMarker().keys()].filter(
    (marker) => marker.startsWith(endMarkers) && !listed.has(marker),
  );
  return markers.map((marker) => new Leftover({ marker }));
}

async function stopAll(leftovers: readonly Leftover[], log: Logger): Promise<void> {
  const startMs = performance.now();
  let left = leftovers;
  for (;;) {
    const marked = findProcessesByMarker();
    const elapsedMs = performance.now() - startMs;
    left = left.filter((each) => each.look(marked));
    for (const each of left) {
      if (each.isUntold)
        log.warn(`${each.name}: stopping processes left by a gafferd that was killed: ${each.describe()}`);
      each.push(elapsedMs);
    }
    const given = left.filter((each) => elapsedMs > each.gracefulTimeoutMs + killedMs);
    for (const each of given)
      log.warn(`${each.name}: SIGKILL did not end ${each.describe()}; gafferd no longer waits for it`);
    left = left.filter((each) => !given.includes(each));
    if (left.length === 0) return;
    await Bun.sleep(pollMs);
  }
}

function readFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // Nothing was ever kept there.
  }
}

function isThere({ osPid, startTicks }: { readonly osPid: number; readonly startTicks: number }): boolean {
  const membership = procStatOf(osPid);
  return membership !== undefined && isAlive(membership) && membership.startTicks === startTicks;
}
