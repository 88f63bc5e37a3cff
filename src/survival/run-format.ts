import type { KillMode } from "../template/template.ts";
import type { PidScope } from "./pid-scope.ts";

/** The first line of a run file: the run of gafferd that wrote it. */
export interface RunHeader {
  readonly pidScope: PidScope;
  readonly osPid: number;
  /** The start time of gafferd, in clock ticks since the boot. */
  readonly startTicks: number;
  /** The path of the main configuration file, or empty if there is none. It identifies the templates after a restart. */
  readonly configFile: string;
  /** The marker prefix of all processes that stop with gafferd. */
  readonly endMarkers: string;
}

/** A process that gafferd spawned. */
export interface RunEntry {
  readonly osPid: number;
  /** The start time, in clock ticks since the boot. */
  readonly startTicks: number;
  readonly killMode: KillMode;
  readonly stopSignalNumber: number;
  readonly gracefulTimeoutMs: number;
  readonly onHostExit: "kill" | "keep";
  readonly marker: string;
  /** The name of the template. */
  readonly name: string;
}

/** A process that the guardian stopped after gafferd was killed. */
export interface StoppedProcess {
  readonly osPid: number;
  /** The marker in its environment. */
  readonly marker: string;
  /** The command name from the kernel (`comm`). */
  readonly name: string;
}

const version = "1";
/** The highest process id on Linux (`PID_MAX_LIMIT`). */
const maxOsPid = 2 ** 22;
const maxSignalNumber = 64;

/** `gafferd-run 1 9b1c… pid:[4026531836] 4711 8812345 9f3c21aa07de-end. /etc/gaffer.ini` and a newline. */
export function formatHeader(header: RunHeader): string {
  const { pidScope, osPid, startTicks, endMarkers, configFile } = header;
  return `gafferd-run ${version} ${pidScope.boot} ${pidScope.namespace} ${osPid} ${startTicks} ${endMarkers} ${encodeURI(configFile)}\n`;
}

/** `+ 4712 8812399 mixed 15 10000 kill 9f3c21aa07de-end.1 web:api` and a newline. `guardian.sh` reads it too. */
export function formatEntry(entry: RunEntry): string {
  const { osPid, startTicks, killMode, stopSignalNumber, gracefulTimeoutMs, onHostExit, marker, name } = entry;
  const words = [osPid, startTicks, killMode, stopSignalNumber, Math.ceil(gracefulTimeoutMs), onHostExit, marker, name];
  return `+ ${words.join(" ")}\n`;
}

/** The contents of a run file. */
export interface HostRun {
  readonly header: RunHeader;
  readonly entries: readonly RunEntry[];
  readonly stopped: readonly StoppedProcess[];
}

/**
 * Parses a run file. Undefined if the text is not a run file of this version, or if its first line is damaged. Ignores
 * an incomplete last line and damaged lines: a process of a wrong number must not get a signal.
 */
export function parseHostRun(text: string): HostRun | undefined {
  const [first = "", ...lines] = text.split("\n").slice(0, -1);
  const [magic, found, boot = "", namespace = "", pid, ticks, endMarkers = "", path = ""] = first.split(" ");
  if (magic !== "gafferd-run" || found !== version || !/^[0-9a-f]+-end\.$/.test(endMarkers)) return undefined;
  const [osPid, startTicks, configFile] = [toOsPid(pid), toNumber(ticks), decodePath(path)];
  if (osPid === undefined || startTicks === undefined || configFile === undefined) return undefined;
  return {
    header: { pidScope: { boot, namespace }, osPid, startTicks, endMarkers, configFile },
    entries: lines.flatMap((line) => parseEntry(line) ?? []),
    stopped: lines.flatMap((line) => parseStopped(line) ?? []),
  };
}

function parseEntry(line: string): RunEntry | undefined {
  const [kind, pid, ticks, killMode, signal, graceMs, onHostExit, marker, name] = line.split(" ");
  const [osPid, startTicks] = [toOsPid(pid), toNumber(ticks)];
  const [stopSignalNumber, gracefulTimeoutMs] = [toNumber(signal, 1, maxSignalNumber), toNumber(graceMs)];
  if (kind !== "+" || marker === undefined || !/^[0-9a-f]+-(end|keep)\.\d+$/.test(marker) || !name) return undefined;
  if (osPid === undefined || startTicks === undefined) return undefined;
  if (stopSignalNumber === undefined || gracefulTimeoutMs === undefined) return undefined;
  return {
    osPid,
    startTicks,
    killMode: toKillMode(killMode),
    stopSignalNumber,
    gracefulTimeoutMs,
    onHostExit: onHostExit === "keep" ? "keep" : "kill",
    marker,
    name,
  };
}

/** 4711, or undefined if the kernel gives no such process id. */
function toOsPid(digits: string | undefined): number | undefined {
  return toNumber(digits, 1, maxOsPid);
}

function toNumber(digits = "", minimum = 0, maximum = Number.MAX_SAFE_INTEGER): number | undefined {
  const number = /^\d+$/.test(digits) ? Number(digits) : -1;
  return number >= minimum && number <= maximum ? number : undefined;
}

function decodePath(text: string): string | undefined {
  try {
    return decodeURI(text);
  } catch {
    return undefined; // It contains `%zz`.
  }
}

/** gafferd 0.1 wrote `one` instead of `process`. */
function toKillMode(word: string | undefined): KillMode {
  if (word === "one" || word === "process") return "process";
  return word === "mixed" ? "mixed" : "group";
}

/** `- 4713 9f3c21aa07de-end.1 sleep`, as `guardian.sh` writes it. */
function parseStopped(line: string): StoppedProcess | undefined {
  const [, pid, marker, name] = /^- (\d+) (\S+) (.+)$/.exec(line) ?? [];
  const osPid = toOsPid(pid);
  if (osPid === undefined || marker === undefined || name === undefined) return undefined;
  return { osPid, marker, name };
}
