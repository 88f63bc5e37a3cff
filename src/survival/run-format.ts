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
export interface Run {
  readonly header: RunHeader;
  readonly entries: readonly RunEntry[];
  readonly stopped: readonly StoppedProcess[];
}

/** Parses a run file. Undefined if the text is not a run file of this version. Ignores an incomplete last line. */
export function parseRun(text: string): Run | undefined {
  const [first = "", ...lines] = text.split("\n").slice(0, -1);
  const [magic, found, boot = "", namespace = "", osPid, startTicks, endMarkers = "", configFile = ""] =
    first.split(" ");
  if (magic !== "gafferd-run" || found !== version || endMarkers === "") return undefined;
  const header = {
    pidScope: { boot, namespace },
    osPid: Number(osPid),
    startTicks: Number(startTicks),
    endMarkers,
    configFile: decodeURI(configFile),
  };
  return {
    header,
    entries: lines.flatMap((line) => parseEntry(line) ?? []),
    stopped: lines.flatMap((line) => parseStopped(line) ?? []),
  };
}

function parseEntry(line: string): RunEntry | undefined {
  const [kind, osPid, startTicks, killMode, signal, graceMs, onHostExit, marker, name] = line.split(" ");
  if (kind !== "+" || marker === undefined || name === undefined) return undefined;
  return {
    osPid: Number(osPid),
    startTicks: Number(startTicks),
    killMode: toKillMode(killMode),
    stopSignalNumber: Number(signal),
    gracefulTimeoutMs: Number(graceMs),
    onHostExit: onHostExit === "keep" ? "keep" : "kill",
    marker,
    name,
  };
}

/** gafferd 0.1 wrote `one` instead of `process`. */
function toKillMode(word: string | undefined): KillMode {
  if (word === "one" || word === "process") return "process";
  return word === "mixed" ? "mixed" : "group";
}

/** `- 4713 9f3c21aa07de-end.1 sleep`, as `guardian.sh` writes it. */
function parseStopped(line: string): StoppedProcess | undefined {
  const [, osPid, marker, name] = /^- (\d+) (\S+) (.+)$/.exec(line) ?? [];
  if (osPid === undefined || marker === undefined || name === undefined) return undefined;
  return { osPid: Number(osPid), marker, name };
}
