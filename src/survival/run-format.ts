import type { KillMode } from "../template/template.ts";
import type { PidScope } from "./pid-scope.ts";

/** Which run of gafferd a file tells of. */
export interface RunHeader {
  readonly pidScope: PidScope;
  readonly osPid: number;
  /** When gafferd began, in ticks since the boot. */
  readonly startTicks: number;
  /** Of its main configuration file, empty without one: it says which templates are the same after a restart. */
  readonly configFile: string;
  /** What the markers begin with of all that is to end with gafferd. */
  readonly endMarkers: string;
}

/** A process that was spawned. */
export interface RunEntry {
  readonly osPid: number;
  /** In ticks since the boot. */
  readonly startTicks: number;
  readonly killMode: KillMode;
  readonly stopSignalNumber: number;
  readonly gracefulTimeoutMs: number;
  readonly onHostExit: "kill" | "keep";
  readonly marker: string;
  /** Of its template. */
  readonly name: string;
}

/** A process that the guardian has told to end after gafferd was killed. */
export interface StoppedProcess {
  readonly osPid: number;
  /** Of the process that started it. */
  readonly marker: string;
  /** The kernel's short name of it. */
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

/** The text of a run file. */
export interface Run {
  readonly header: RunHeader;
  readonly entries: readonly RunEntry[];
  readonly stopped: readonly StoppedProcess[];
}

/** Undefined for what is no run file of this version. A last line that was torn is left out. */
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
    stopped: lines.flatMap((line) => parseEnding(line) ?? []),
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

/** Version 0.1 wrote `one` for `process`. */
function toKillMode(word: string | undefined): KillMode {
  if (word === "one" || word === "process") return "process";
  return word === "mixed" ? "mixed" : "group";
}

/** `- 4713 9f3c21aa07de-end.1 sleep`, which `guardian.sh` writes. */
function parseEnding(line: string): StoppedProcess | undefined {
  const [, osPid, marker, name] = /^- (\d+) (\S+) (.+)$/.exec(line) ?? [];
  if (osPid === undefined || marker === undefined || name === undefined) return undefined;
  return { osPid: Number(osPid), marker, name };
}
